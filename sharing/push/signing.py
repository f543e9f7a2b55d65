"""Signatures of web hooks, after the Standard Webhooks specification 1.0.0: symmetric, HMAC-SHA256. Pure.

What is signed is `id.timestamp.body`; the header may carry several signatures, separated by spaces, so that a secret
can be changed while the receiver still has the old one.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Iterable

PREFIX = "whsec_"
LENGTH = 32
"""Bytes; the specification asks for 24 to 64."""


def new_secret() -> str:
    """As receivers' libraries take it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(LENGTH)).decode()


def key_of(secret: str) -> bytes:
    """The bytes behind it. Raises ValueError for what is none."""
    if not secret.startswith(PREFIX):
        raise ValueError("a secret begins with whsec_")
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError("a secret is base64 behind whsec_") from error


def signature_headers(message: str, timestamp: int, body: bytes, secrets_held: Iterable[str]) -> dict[str, str]:
    """The three headers. `message` has no full stop in it; `timestamp`: seconds since 1970, of this attempt."""
    signed = f"{message}.{timestamp}.".encode() + body
    made = (hmac.new(key_of(secret), signed, hashlib.sha256).digest() for secret in secrets_held)
    return {
        "webhook-id": message,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(f"v1,{base64.b64encode(each).decode()}" for each in made),
    }
