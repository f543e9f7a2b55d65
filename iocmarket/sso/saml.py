"""SAML 2.0: web browser log-in that we begin; request by redirect, answer by POST (saml-profiles-2.0-os, 4.1).

One entity id and one address for answers, for all providers: a federation knows us once. Which provider an answer is
held against follows from the request that it answers, never from what it says itself; an answer to nothing that this
browser asked is refused, so no provider begins a log-in. RelayState is not read.
"""

from __future__ import annotations

import binascii
import time
from typing import Any

from allauth.socialaccount.internal import statekit
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.urls import reverse
from lxml import etree
from onelogin.saml2.auth import OneLogin_Saml2_Auth
from onelogin.saml2.errors import OneLogin_Saml2_Error, OneLogin_Saml2_ValidationError
from onelogin.saml2.response import OneLogin_Saml2_Response
from onelogin.saml2.settings import OneLogin_Saml2_Settings
from onelogin.saml2.utils import OneLogin_Saml2_Utils

from iocmarket.kernel import clock
from iocmarket.sso.asserted import Asserted, address_in, name_in, scopes_in
from iocmarket.sso.assurance import AGAIN
from iocmarket.sso.config import ProviderConfig
from iocmarket.sso.errors import NotTaken
from iocmarket.sso.providers import provider_of
from iocmarket.sso.saml_settings import request_data, settings_for
from iocmarket.sso.saml_subjects import subject_in
from iocmarket.sso.xml import parse

_NOT_TAKEN = (
    OneLogin_Saml2_Error, OneLogin_Saml2_ValidationError, etree.LxmlError, ValueError, TypeError, LookupError,
    AttributeError,
)  # fmt: skip
"""What the library raises for an answer that it cannot read, besides its own."""
DRIFT_SECONDS = 300
"""How far clocks may differ; the library's own measure."""
REPLAY_SECONDS = 3600
"""The least time for which an assertion that was used is remembered."""


def begin(request: HttpRequest, config: ProviderConfig, *, process: str, next_url: str) -> str:
    """Where to send the browser."""
    auth = OneLogin_Saml2_Auth(request_data(acs_url()), settings_for(config))
    where = str(auth.login(return_to="", force_authn=process == AGAIN))
    statekit.stash_state(
        request, provider_id=config.issuer, state={"process": process, "next": next_url, "begun_at": time.time()},
        state_id=auth.get_last_request_id(),
    )  # fmt: skip
    return where


def finish(request: HttpRequest, answer: str) -> tuple[Asserted, ProviderConfig, dict[str, Any]]:
    """What the provider says, who it is, and the state with which the browser was sent. Raises NotTaken."""
    request_id = _answered_request(answer)
    stashed = statekit.get_states(request).get(request_id)
    config = provider_of(stashed[2]) if stashed and len(stashed) == 3 else None
    if config is None:
        raise NotTaken("state")
    state = statekit.unstash_state(request, provider_id=config.issuer, state_id=request_id)
    if state is None:
        raise NotTaken("state")
    return read_response(answer, config, request_id), config, state


def read_response(answer: str, config: ProviderConfig, request_id: str) -> Asserted:
    """Everything about an answer but the state: signature, issuer, time, audience, address, once. Raises NotTaken."""
    library = OneLogin_Saml2_Settings(settings_for(config))
    try:
        response = OneLogin_Saml2_Response(library, answer)
        response.is_valid(request_data(acs_url()), request_id, raise_exceptions=True)
        attributes = response.get_attributes()
        contexts = response.get_authn_contexts()
        authenticated_at = _authenticated_at(response)
        _check(response, library.get_sp_data()["entityId"], request_id)
        subject = subject_in(response, attributes, config.subject)
        _once(config, response)
    except NotTaken:
        raise
    except _NOT_TAKEN as error:
        raise NotTaken(_code_of(error)) from error
    return Asserted(
        issuer=config.issuer,
        subject=subject,
        scopes=scopes_in(_values(config, attributes, "scope")),
        email=address_in(_values(config, attributes, "email")),
        email_refuted=False,
        name=name_in(_values(config, attributes, "name")),
        second_factor=any(one in config.second_factor for one in contexts),
        authenticated_at=authenticated_at,
    )


def acs_url() -> str:
    """Where answers are sent, under the address that the operator gave."""
    return settings.PUBLIC_URL + reverse("sso-saml-acs")


def _answered_request(answer: str) -> str:
    """The request that the answer says it answers: a key to look up what we asked, believed for nothing else."""
    try:
        root = parse(binascii.a2b_base64(answer))
    except ValueError as error:  # binascii.Error is one
        raise NotTaken("unreadable") from error
    return root.get("InResponseTo") or ""


def _check(response: OneLogin_Saml2_Response, entity_id: str, request_id: str) -> None:
    """What the library lets pass when it is absent, or where an envelope that nobody signed says it.

    The assertion itself must name us, our address and our request: an assertion made for another log-in of the same
    person, or for another service, is refused also inside a new envelope.
    """
    if entity_id not in response.get_audiences():
        raise NotTaken("audience")
    where = "/saml:Subject/saml:SubjectConfirmation/saml:SubjectConfirmationData"
    confirmed = response._query_assertion(where)  # noqa: SLF001 (the library's one way to what was signed)
    if not any(_confirms(one, request_id) for one in confirmed):
        raise NotTaken("confirmation")
    if response.get_assertion_not_on_or_after() is None:
        raise NotTaken("time")


def _confirms(data: etree._Element, request_id: str) -> bool:
    bearer = data.getparent()
    return (
        bearer is not None
        and bearer.get("Method") == "urn:oasis:names:tc:SAML:2.0:cm:bearer"
        and data.get("Recipient") == acs_url()
        and data.get("InResponseTo") == request_id
        and bool(data.get("NotOnOrAfter"))
    )


def _authenticated_at(response: OneLogin_Saml2_Response) -> float:
    """The earliest of the moments at which the provider asked the person (AuthnInstant); 0 when it says none."""
    said = response._query_assertion("/saml:AuthnStatement")  # noqa: SLF001 (as above)
    return min((float(OneLogin_Saml2_Utils.parse_SAML_to_time(one.get("AuthnInstant"))) for one in said), default=0.0)


def _once(config: ProviderConfig, response: OneLogin_Saml2_Response) -> None:
    """Remember the assertion for as long as it could be used again."""
    left = int(response.get_assertion_not_on_or_after() or 0) - int(clock.now().timestamp())
    key = f"sso.assertion.{config.slug}.{response.get_assertion_id()}"
    if not cache.add(key, value=True, timeout=max(REPLAY_SECONDS, left + DRIFT_SECONDS)):
        raise NotTaken("replay")


def _values(config: ProviderConfig, attributes: dict[str, list[str]], what: str) -> list[object]:
    return [value for name in config.names_of(what) for value in attributes.get(name, [])]


def _code_of(error: Exception) -> str:
    """The library's number of the reason, never its sentence: that repeats what the answer said."""
    number = getattr(error, "code", None)
    return f"saml_{number}" if isinstance(number, int) else "unreadable"
