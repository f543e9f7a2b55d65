"""Who a SAML assertion is about: one kind of identifier for each provider, and only kinds that stay the same."""

from __future__ import annotations

from onelogin.saml2.response import OneLogin_Saml2_Response

from iocmarket.sso.asserted import subject_key
from iocmarket.sso.config import SubjectKind
from iocmarket.sso.errors import NotTaken

_ATTRIBUTES = {
    SubjectKind.SUBJECT_ID: "urn:oasis:names:tc:SAML:attribute:subject-id",
    SubjectKind.PAIRWISE_ID: "urn:oasis:names:tc:SAML:attribute:pairwise-id",
}
_PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"


def subject_in(response: OneLogin_Saml2_Response, attributes: dict[str, list[str]], kind: SubjectKind) -> str:
    """The identifier with its kind. Raises NotTaken: an address, a transient name or two values are nobody."""
    if kind == SubjectKind.PERSISTENT:
        if response.get_nameid_format() != _PERSISTENT or not (name := response.get_nameid()):
            raise NotTaken("subject")
        qualifier = response.get_nameid_nq() or ""
        return subject_key(kind, f"{qualifier}!{name}" if qualifier else name)
    values = attributes.get(_ATTRIBUTES[kind], [])
    if len(values) != 1 or not values[0]:
        raise NotTaken("subject")
    return subject_key(kind, values[0].lower())  # compared without regard to case (SAML Subject Identifiers, 3.3)
