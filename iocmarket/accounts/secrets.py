"""The form of a token: 40 characters that secret scanners recognise and MISP clients accept.

`iocm`, 30 random characters (178 bits), and the CRC-32 of the first 34 in base 62: a mistyped token is told apart
from an unknown one without asking the database.
"""

from __future__ import annotations

import hashlib
import secrets
import zlib

PREFIX = "iocm"
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
LENGTH = 40


def new_secret() -> str:
    """A fresh token secret."""
    stem = PREFIX + "".join(secrets.choice(ALPHABET) for _ in range(30))
    return stem + _checksum(stem)


def is_well_formed(secret: str) -> bool:
    """Whether this could be a token at all: length, prefix, alphabet and checksum."""
    return (
        len(secret) == LENGTH
        and secret.isascii()
        and secret.isalnum()
        and secret.startswith(PREFIX)
        and secret[-6:] == _checksum(secret[:-6])
    )


def digest_of(secret: str) -> bytes:
    """What the database keeps. A plain SHA-256 suffices: the secret has 178 bits, nobody can search it."""
    return hashlib.sha256(secret.encode()).digest()


def _checksum(stem: str) -> str:
    number = zlib.crc32(stem.encode())
    digits = ""
    for _ in range(6):
        number, rest = divmod(number, 62)
        digits = ALPHABET[rest] + digits
    return digits
