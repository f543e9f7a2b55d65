"""What an operator says of the federation: the providers, and us as a service. Pure: no model, no request.

The same words are read from the environment (FEDERATION, FEDERATION_FILE) and kept in the database by
`manage.py federation load`. A word that is not known is an error: a rule with a typing mistake would not be followed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from iocmarket.sso.metadata import read_metadata

ISSUER_LENGTH = 200
"""Characters: the room that the library's table has for it."""
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,49}")
_DOMAIN = re.compile(r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+")


class Protocol(StrEnum):
    """How the provider speaks."""

    OIDC = "oidc"
    SAML = "saml"


class SubjectKind(StrEnum):
    """By which identifier a SAML provider names people (SAML V2.0 Subject Identifier Attributes; core 8.3.7)."""

    SUBJECT_ID = "subject-id"
    PAIRWISE_ID = "pairwise-id"
    PERSISTENT = "persistent"


# eduPerson, SCHAC and inetOrgPerson under their SAML names.
SAML_NAMES: dict[str, tuple[str, ...]] = {
    "scope": (
        "urn:oid:1.3.6.1.4.1.5923.1.1.1.9",  # eduPersonScopedAffiliation
        "urn:oid:1.3.6.1.4.1.25178.1.2.9",  # schacHomeOrganization
        "urn:oid:1.3.6.1.4.1.5923.1.1.1.6",  # eduPersonPrincipalName
    ),
    "email": ("urn:oid:0.9.2342.19200300.100.1.3",),
    "name": ("urn:oid:2.16.840.1.113730.3.1.241", "urn:oid:2.5.4.3"),  # displayName, commonName
}
OIDC_NAMES: dict[str, tuple[str, ...]] = {
    "scope": ("schac_home_organization", "eduperson_scoped_affiliation", "eduperson_principal_name"),
    "email": ("email",),
    "name": ("name",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderConfig:
    """One identity provider. `scopes`: each scope that it may assert, and the institution (public id or name)."""

    slug: str
    name: str
    protocol: Protocol
    issuer: str
    scopes: Mapping[str, str]
    enabled: bool = True
    mail_domains: tuple[str, ...] = ()
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    second_factor: tuple[str, ...] = ()
    """The words by which it asserts one, and is believed; without any, the second factor is asked for here."""
    ask_second_factor: bool = False
    # OpenID Connect
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    ask_scopes: tuple[str, ...] = ("openid", "profile", "email")
    # SAML
    sso_url: str = ""
    certificates: tuple[str, ...] = ()
    subject: SubjectKind = SubjectKind.SUBJECT_ID

    def names_of(self, what: str) -> tuple[str, ...]:
        """Under which names the provider says its `scope`, `email` or `name`, the first that is there counts."""
        usual = SAML_NAMES if self.protocol == Protocol.SAML else OIDC_NAMES
        return self.attributes.get(what) or usual[what]

    def may_vouch_for(self, address: str) -> bool:
        """Whether the address lies in a mail domain of this provider: of the institutions that it speaks for."""
        domain = address.rpartition("@")[2].lower()
        owned = self.mail_domains or tuple(self.scopes)
        return any(domain == own or domain.endswith(f".{own}") for own in owned)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceConfig:
    """Us, as SAML providers know us. With a key requests are signed and assertions may be encrypted."""

    entity_id: str = ""
    certificate: str = ""
    key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Federation:
    """Everything that FEDERATION says."""

    providers: tuple[ProviderConfig, ...] = ()
    service: ServiceConfig = ServiceConfig()


@lru_cache(maxsize=8)
def read_federation(text: str) -> Federation:
    """The federation in JSON; an empty text is none. Raises ImproperlyConfigured with the place of the mistake."""
    if not text.strip():
        return Federation()
    try:
        said = json.loads(text)
    except ValueError as error:
        raise ImproperlyConfigured(f"FEDERATION is no JSON: {error}") from error
    _only(said, {"providers", "service"}, "FEDERATION")
    providers = tuple(
        read_provider(one, f"providers[{place}]") for place, one in enumerate(_list(said, "providers", "FEDERATION"))
    )
    for what in ("slug", "issuer"):
        seen = [getattr(one, what) for one in providers]
        if len(set(seen)) != len(seen):
            raise ImproperlyConfigured(f"FEDERATION: two providers have the same {what}")
    return Federation(providers, _service(said.get("service", {})))


def read_provider(said: object, where: str = "provider") -> ProviderConfig:
    """One provider. Raises ImproperlyConfigured."""
    known = set(ProviderConfig.__dataclass_fields__) | {"metadata_file", "client_secret_file"}
    given = dict(_only(said, known, where))
    given = _with_files(given, where)
    try:
        made = ProviderConfig(
            slug=_text(given, "slug", where),
            name=_text(given, "name", where),
            protocol=Protocol(_text(given, "protocol", where)),
            issuer=_text(given, "issuer", where),
            scopes=_scopes(given.get("scopes"), where),
            enabled=_yes(given, "enabled", where, default=True),
            mail_domains=_domains(_list(given, "mail_domains", where), where),
            attributes=_attributes(given.get("attributes", {}), where),
            second_factor=_texts(given, "second_factor", where),
            ask_second_factor=_yes(given, "ask_second_factor", where, default=False),
            client_id=_text(given, "client_id", where, default=""),
            client_secret=_text(given, "client_secret", where, default=""),
            ask_scopes=_texts(given, "ask_scopes", where) or ("openid", "profile", "email"),
            sso_url=_text(given, "sso_url", where, default=""),
            certificates=_texts(given, "certificates", where),
            subject=SubjectKind(given.get("subject", SubjectKind.SUBJECT_ID)),
        )
    except ValueError as error:
        raise ImproperlyConfigured(f"{where}: {error}") from error
    _complete(made, where)
    return made


def _complete(made: ProviderConfig, where: str) -> None:
    """What one of the protocols needs."""
    if not _SLUG.fullmatch(made.slug):
        raise ImproperlyConfigured(f"{where}: slug is small letters, digits and hyphens, at most 50")
    if len(made.issuer) > ISSUER_LENGTH:
        raise ImproperlyConfigured(f"{where}: issuer has more than {ISSUER_LENGTH} characters")
    if made.ask_second_factor and not made.second_factor:
        raise ImproperlyConfigured(f"{where}: ask_second_factor needs second_factor, the words that assert one")
    if made.protocol == Protocol.OIDC:
        if not made.client_id or urlsplit(made.issuer).scheme not in {"https", "http"}:
            raise ImproperlyConfigured(f"{where}: an OpenID Connect provider needs an issuer (URL) and a client_id")
        if "openid" not in made.ask_scopes:
            raise ImproperlyConfigured(f"{where}: ask_scopes begins with openid")
    elif not made.certificates or urlsplit(made.sso_url).scheme not in {"https", "http"}:
        raise ImproperlyConfigured(f"{where}: a SAML provider needs sso_url and certificates, or metadata_file")


def _with_files(given: dict[str, Any], where: str) -> dict[str, Any]:
    """Put in what lies in files: the provider's own metadata, and the secret."""
    if path := given.pop("client_secret_file", ""):
        given["client_secret"] = _read(path, where).strip()
    if path := given.pop("metadata_file", ""):
        found = read_metadata(_read(path, where), given.get("issuer", ""))
        given = {"issuer": found.entity_id, "sso_url": found.sso_url, "certificates": list(found.certificates), **given}
    return given


def _service(said: object) -> ServiceConfig:
    given = dict(_only(said, {"entity_id", "certificate", "key", "certificate_file", "key_file"}, "service"))
    for what in ("certificate", "key"):
        if path := given.pop(f"{what}_file", ""):
            given[what] = _read(path, "service")
    made = ServiceConfig(**{name: _text(given, name, "service") for name in given})
    if bool(made.key) != bool(made.certificate):
        raise ImproperlyConfigured("service: a key goes with a certificate")
    return made


def _read(path: str, where: str) -> str:
    try:
        return Path(path).read_text()
    except OSError as error:
        raise ImproperlyConfigured(f"{where}: {path}: {error.strerror}") from error


def _only(said: object, known: set[str], where: str) -> Mapping[str, Any]:
    if not isinstance(said, dict):
        raise ImproperlyConfigured(f"{where} is an object")
    if unknown := sorted(set(said) - known):
        raise ImproperlyConfigured(f"{where}: {unknown[0]!r} is not known")
    return said


def _text(given: Mapping[str, Any], name: str, where: str, default: str | None = None) -> str:
    value = given.get(name, default)
    if not isinstance(value, str) or (default is None and not value.strip()):
        raise ImproperlyConfigured(f"{where}: {name} is a text")
    return value.strip()


def _yes(given: Mapping[str, Any], name: str, where: str, *, default: bool) -> bool:
    value = given.get(name, default)
    if not isinstance(value, bool):
        raise ImproperlyConfigured(f"{where}: {name} is true or false")
    return value


def _list(given: Mapping[str, Any], name: str, where: str) -> list[Any]:
    value = given.get(name, [])
    if not isinstance(value, list):
        raise ImproperlyConfigured(f"{where}: {name} is a list")
    return value


def _texts(given: Mapping[str, Any], name: str, where: str) -> tuple[str, ...]:
    found = _list(given, name, where)
    if not all(isinstance(one, str) and one.strip() for one in found):
        raise ImproperlyConfigured(f"{where}: {name} is a list of texts")
    return tuple(one.strip() for one in found)


def _domains(found: list[Any], where: str) -> tuple[str, ...]:
    if wrong := [one for one in found if not isinstance(one, str) or not _DOMAIN.fullmatch(one.lower())]:
        raise ImproperlyConfigured(f"{where}: {wrong[0]!r} is no domain")
    return tuple(one.lower() for one in found)


def _scopes(said: object, where: str) -> dict[str, str]:
    """Scope → institution. None would let nobody in and everybody wonder."""
    if not isinstance(said, dict) or not said or not all(isinstance(one, str) and one for one in said.values()):
        raise ImproperlyConfigured(f"{where}: scopes names an institution for each scope that may be asserted")
    return dict(zip(_domains(list(said), where), said.values(), strict=True))


def _attributes(said: object, where: str) -> dict[str, tuple[str, ...]]:
    given = _only(said, set(SAML_NAMES), f"{where}: attributes")
    return {name: _texts(given, name, where) for name in given}
