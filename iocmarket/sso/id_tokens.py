"""The ID token: signed by the issuer, for us, for this log-in, now (OpenID Connect Core 1.0, 3.1.3.7).

The signature is checked although the token came straight from the issuer: the check costs nothing, and what it
protects against is a proxy in between.
"""

from __future__ import annotations

import hmac
from typing import Any

import jwt
import requests
from django.core.cache import cache

from iocmarket.outbound.session import session
from iocmarket.sso.errors import NotTaken

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures that only the issuer can make: none with a shared secret, none without a signature."""
LEEWAY_SECONDS = 60
KEYS_SECONDS = 600
SUBJECT_LENGTH = 255
"""Characters of `sub` (OpenID Connect Core 1.0, 2)."""


def read_id_token(token: str, *, issuer: str, audience: str, nonce: str, jwks_uri: str) -> dict[str, Any]:
    """The claims. Raises NotTaken."""
    try:
        header = jwt.get_unverified_header(token)
        key = _key(jwks_uri, str(header.get("kid", "")))
        claims: dict[str, Any] = jwt.decode(
            token, key=key, algorithms=list(ALGORITHMS), issuer=issuer, audience=audience, leeway=LEEWAY_SECONDS,
            options={"require": ["iss", "sub", "aud", "exp", "iat"]},
        )  # fmt: skip
    except jwt.PyJWTError as error:
        raise NotTaken("id_token") from error
    if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
        raise NotTaken("nonce")
    if claims.get("azp", audience) != audience:
        raise NotTaken("audience")
    if not 0 < len(claims["sub"]) <= SUBJECT_LENGTH:
        raise NotTaken("subject")
    return claims


def _key(jwks_uri: str, kid: str) -> jwt.PyJWK:
    """The key of that name, or the only one; asked for again when the kept ones have none of that name."""
    kept = cache.get(f"sso.keys.{jwks_uri}")
    for said in ([kept] if kept else []) + [None]:
        keys = [one for one in jwt.PyJWKSet.from_dict(said or _fetch(jwks_uri)).keys if _signs(one)]
        if found := [one for one in keys if one.key_id == kid]:
            return found[0]
        if not kid and len(keys) == 1:
            return keys[0]
    raise NotTaken("key")


def _signs(key: jwt.PyJWK) -> bool:
    return key.public_key_use in {None, "sig"} and key.algorithm_name in ALGORITHMS


def _fetch(jwks_uri: str) -> dict[str, Any]:
    try:
        with session() as outbound:
            answer = outbound.get(jwks_uri)
            answer.raise_for_status()
            said = answer.json()
    except (requests.RequestException, ValueError) as error:
        raise NotTaken("unreachable") from error
    if not isinstance(said, dict):
        raise NotTaken("key")
    cache.set(f"sso.keys.{jwks_uri}", said, KEYS_SECONDS)
    return said
