"""The SAML library's settings, and our own metadata. Nothing in them comes from the request."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse
from onelogin.saml2.constants import OneLogin_Saml2_Constants as Names
from onelogin.saml2.settings import OneLogin_Saml2_Settings

from iocmarket.sso.config import ProviderConfig, SubjectKind
from iocmarket.sso.providers import service

_FORMATS = {SubjectKind.PERSISTENT: Names.NAMEID_PERSISTENT}


def settings_for(config: ProviderConfig) -> dict[str, Any]:
    """How the library speaks with one provider: always strict, no weak signature."""
    return {
        **_ours(name_format=_FORMATS.get(config.subject, Names.NAMEID_UNSPECIFIED)),
        "idp": {
            "entityId": config.issuer,
            "singleSignOnService": {"url": config.sso_url, "binding": Names.BINDING_HTTP_REDIRECT},
            "x509certMulti": {"signing": list(config.certificates)},
        },
        "security": {
            "authnRequestsSigned": bool(service().key),
            "wantAttributeStatement": False,
            "wantNameId": False,
            "allowRepeatAttributeName": True,
            "rejectDeprecatedAlgorithm": True,
            "allowSingleLabelDomains": True,
            "signatureAlgorithm": Names.RSA_SHA256,
            "digestAlgorithm": Names.SHA256,
            "requestedAuthnContext": list(config.second_factor) if config.ask_second_factor else False,
            "failOnAuthnContextMismatch": False,
        },
    }


def entity_id() -> str:
    """Who we are: the address of our metadata, unless the operator says otherwise."""
    return service().entity_id or settings.PUBLIC_URL + reverse("sso-saml-metadata")


def metadata() -> bytes:
    """What a federation is told about us. Raises ValueError for settings of which none can be made."""
    library = OneLogin_Saml2_Settings(
        {**_ours(name_format=Names.NAMEID_UNSPECIFIED), "security": {"allowSingleLabelDomains": True}},
        sp_validation_only=True,
    )
    made: bytes | str = library.get_sp_metadata()
    made = made.encode() if isinstance(made, str) else made
    if errors := library.validate_metadata(made):
        raise ValueError(f"our metadata are not right: {errors[0]}")
    return made


def request_data(url: str) -> dict[str, Any]:
    """The request, as the library asks for it: at our own address, whatever the browser said."""
    parts = urlsplit(url)
    return {
        "https": "on" if parts.scheme == "https" else "off",
        "http_host": parts.netloc,
        "script_name": parts.path,
        "get_data": {},
        "post_data": {},
    }


def _ours(*, name_format: str) -> dict[str, Any]:
    us = service()
    described: dict[str, Any] = {
        "entityId": entity_id(),
        "assertionConsumerService": {
            "url": settings.PUBLIC_URL + reverse("sso-saml-acs"),
            "binding": Names.BINDING_HTTP_POST,
        },
        "NameIDFormat": name_format,
    }
    if us.key:
        described |= {"x509cert": us.certificate, "privateKey": us.key}
    return {"strict": True, "debug": False, "sp": described}
