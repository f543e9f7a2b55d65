"""Reading a SAML provider's metadata: its entity id, where to send people, and the keys that it signs with."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.exceptions import ImproperlyConfigured
from lxml import etree

from iocmarket.sso.xml import NAMES, parse

REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"


@dataclass(frozen=True, slots=True)
class ProviderMetadata:
    """What is needed of it. Certificates are base64 without lines."""

    entity_id: str
    sso_url: str
    certificates: tuple[str, ...]


def read_metadata(text: str, entity_id: str = "") -> ProviderMetadata:
    """One provider out of a file with one or many; with many, `entity_id` names it. Raises ImproperlyConfigured.

    The file is as trustworthy as the way by which the operator got it: signatures of aggregates are checked there.
    """
    try:
        root = parse(text.encode())
    except ValueError as error:
        raise ImproperlyConfigured("the metadata are no XML") from error
    found = [
        one for one in root.iter(f"{{{NAMES['md']}}}EntityDescriptor")
        if one.find("md:IDPSSODescriptor", NAMES) is not None and entity_id in {"", one.get("entityID")}
    ]  # fmt: skip
    if len(found) != 1:
        raise ImproperlyConfigured(f"the metadata hold {len(found)} providers of that name: issuer says which one")
    described = found[0].find("md:IDPSSODescriptor", NAMES)
    addresses = [
        one.get("Location", "")
        for one in found[0].iterfind("md:IDPSSODescriptor/md:SingleSignOnService", NAMES)
        if one.get("Binding") == REDIRECT
    ]
    if described is None or not addresses:
        raise ImproperlyConfigured("the metadata name no address of log-in by redirect")
    return ProviderMetadata(found[0].get("entityID", ""), addresses[0], _signing_keys(described))


def _signing_keys(described: etree._Element) -> tuple[str, ...]:
    keys = [key for key in described.iterfind("md:KeyDescriptor", NAMES) if key.get("use", "signing") == "signing"]
    texts = [one.text or "" for key in keys for one in key.iterfind(".//ds:X509Certificate", NAMES)]
    return tuple("".join(text.split()) for text in texts)
