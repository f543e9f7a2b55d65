"""Identifiers that tell nothing.

The public id of an indicator is computed from its value with a key that only the server has: always the same, so an
unknown reader learns nothing from seeing it twice, and nobody can compute it from a guessed value.
"""

from __future__ import annotations

import hashlib
import hmac
from uuid import UUID


def digest_of(type_name: str, value: str) -> bytes:
    """SHA-256 of `type:value`: the unique key of an indicator on the platform (32 bytes)."""
    return hashlib.sha256(f"{type_name}:{value}".encode()).digest()


def public_id_of(type_name: str, value: str, *, key: bytes) -> UUID:
    """The indicator's public id: a UUIDv8 (RFC 9562 section 5.8) of HMAC-SHA-256(key, type:value)."""
    mac = hmac.digest(key, f"{type_name}:{value}".encode(), "sha256")
    number = int.from_bytes(mac[:16], "big")
    number = number & ~(0xF << 76) | 0x8 << 76  # version 8
    number = number & ~(0x3 << 62) | 0x2 << 62  # variant of RFC 9562
    return UUID(int=number)
