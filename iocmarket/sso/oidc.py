"""OpenID Connect: the authorization code flow with PKCE, state and nonce (OpenID Connect Core 1.0, 3.1; RFC 7636)."""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from typing import Any
from urllib.parse import urlencode, urlsplit

import requests
from allauth.socialaccount.internal import statekit
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.urls import reverse

from iocmarket.outbound.session import session
from iocmarket.sso.asserted import Asserted, address_in, name_in, scopes_in, subject_key
from iocmarket.sso.assurance import AGAIN
from iocmarket.sso.config import ProviderConfig
from iocmarket.sso.errors import NotTaken
from iocmarket.sso.id_tokens import read_id_token

DISCOVERY_SECONDS = 3600
"""For how long what a provider says of itself is believed."""
_NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")


def begin(request: HttpRequest, config: ProviderConfig, *, process: str, next_url: str) -> str:
    """Where to send the browser. Raises NotTaken when the provider does not say."""
    found = discover(config)
    verifier, nonce = secrets.token_urlsafe(48), secrets.token_urlsafe(24)
    state = {
        "process": process, "next": next_url, "verifier": verifier, "nonce": nonce, "begun_at": time.time(),
    }  # fmt: skip
    state_id = statekit.stash_state(request, provider_id=config.issuer, state=state, state_id=secrets.token_urlsafe(24))
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "response_type": "code", "client_id": config.client_id, "redirect_uri": callback_url(config),
        "scope": " ".join(config.ask_scopes), "state": state_id, "nonce": nonce,
        "code_challenge": challenge, "code_challenge_method": "S256",
    }  # fmt: skip
    if config.ask_second_factor:
        asked["acr_values"] = " ".join(config.second_factor)
    if process == AGAIN:  # Core 3.1.2.1: with max_age the ID token must say auth_time
        asked |= {"prompt": "login", "max_age": "0"}
    where = str(found["authorization_endpoint"])
    return f"{where}{'&' if '?' in where else '?'}{urlencode(asked)}"


def finish(request: HttpRequest, config: ProviderConfig) -> tuple[Asserted, dict[str, Any]]:
    """What the provider says, and the state with which the browser was sent. Raises NotTaken."""
    state = statekit.unstash_state(request, provider_id=config.issuer, state_id=request.GET.get("state", ""))
    if state is None:
        raise NotTaken("state")
    if request.GET.get("iss", config.issuer) != config.issuer:
        raise NotTaken("issuer")  # RFC 9207: the answer of another provider
    if "error" in request.GET or not request.GET.get("code"):
        raise NotTaken("cancelled" if request.GET.get("error") == "access_denied" else "no_code")
    found = discover(config)
    given = _exchange(config, found, request.GET["code"], state["verifier"])
    claims = read_id_token(
        str(given.get("id_token", "")), issuer=config.issuer, audience=config.client_id, nonce=state["nonce"],
        jwks_uri=str(found["jwks_uri"]),
    )  # fmt: skip
    more = {}
    if told := found.get("userinfo_endpoint"):
        more = _user_info(str(told), str(given.get("access_token", "")), claims["sub"])
    return asserted_by(config, claims, more), state


def asserted_by(config: ProviderConfig, signed: dict[str, Any], more: dict[str, Any]) -> Asserted:
    """The claims, read. How and when the person was asked stands in the ID token or nowhere."""
    claims = {**more, **signed}
    return Asserted(
        issuer=config.issuer,
        subject=subject_key("sub", claims["sub"]),
        scopes=scopes_in(_values(config, claims, "scope")),
        email=address_in(_values(config, claims, "email")),
        email_refuted=claims.get("email_verified") in (False, "false"),
        name=name_in(_values(config, claims, "name")),
        second_factor=bool(_ways(signed) & set(config.second_factor)),
        authenticated_at=_moment(signed.get("auth_time")),
    )


def _ways(signed: dict[str, Any]) -> set[str]:
    """How the person was asked: `acr`, and `amr` (RFC 8176)."""
    said = signed.get("amr")
    ways = [signed.get("acr"), *(said if isinstance(said, list) else [])]
    return {one for one in ways if isinstance(one, str)}


def _moment(said: object) -> float:
    """Seconds since 1970; what is no number is no moment."""
    return float(said) if isinstance(said, int | float) and not isinstance(said, bool) else 0.0


def discover(config: ProviderConfig) -> dict[str, Any]:
    """What the provider says of itself, which must be said of this issuer (OpenID Connect Discovery 1.0, 4.3)."""
    key = f"sso.discovery.{hashlib.sha256(config.issuer.encode()).hexdigest()}"
    if isinstance(kept := cache.get(key), dict):
        return kept
    found = _asked("GET", f"{config.issuer.rstrip('/')}/.well-known/openid-configuration")
    if found.get("issuer") != config.issuer:
        raise NotTaken("issuer")
    secure = urlsplit(config.issuer).scheme
    if any(urlsplit(str(found.get(name, ""))).scheme not in {"https", secure} for name in _NEEDED):
        raise NotTaken("discovery")
    cache.set(key, found, DISCOVERY_SECONDS)
    return found


def callback_url(config: ProviderConfig) -> str:
    """Under the address that the operator gave, whatever the request says of its host."""
    return settings.PUBLIC_URL + reverse("sso-oidc-callback", args=[config.slug])


def _exchange(config: ProviderConfig, found: dict[str, Any], code: str, verifier: str) -> dict[str, Any]:
    """The code for the tokens (RFC 6749, 4.1.3)."""
    form = {
        "grant_type": "authorization_code", "code": code, "redirect_uri": callback_url(config),
        "code_verifier": verifier,
    }  # fmt: skip
    ways = found.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    if config.client_secret and "client_secret_basic" in ways:
        return _asked("POST", str(found["token_endpoint"]), data=form, auth=(config.client_id, config.client_secret))
    form |= {"client_id": config.client_id, "client_secret": config.client_secret}
    return _asked("POST", str(found["token_endpoint"]), data={name: text for name, text in form.items() if text})


def _user_info(address: str, token: str, subject: str) -> dict[str, Any]:
    """More claims; an answer about somebody else is none (OpenID Connect Core 1.0, 5.3.2)."""
    told = _asked("GET", address, headers={"Authorization": f"Bearer {token}"})
    if told.get("sub") != subject:
        raise NotTaken("userinfo")
    return told


def _asked(method: str, url: str, **how: Any) -> dict[str, Any]:
    try:
        with session() as outbound:
            answer = outbound.request(method, url, allow_redirects=False, **how)
            answer.raise_for_status()
            said = answer.json()
    except (requests.RequestException, ValueError) as error:
        raise NotTaken("unreachable") from error
    if not isinstance(said, dict):
        raise NotTaken("unreadable")
    return said


def _values(config: ProviderConfig, claims: dict[str, Any], what: str) -> list[object]:
    """Of the first name that is there; for scopes, of every name."""
    found: list[object] = []
    for name in config.names_of(what):
        value = claims.get(name)
        found += value if isinstance(value, list) else [] if value is None else [value]
    return found
