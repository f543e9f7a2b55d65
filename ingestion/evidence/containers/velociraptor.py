"""How Velociraptor's offline collector hides the password of `data.zip` in the `metadata.json` beside it.

A JSON array of one row: `Scheme` ("X509", "PGP", "Password") and `EncryptedPass` (Base64), for X509 RSAES-OAEP with
SHA-512 in both places and no label.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from ingestion.evidence.containers.base import Refused
from ingestion.evidence.containers.decoding import RsaKey, Secrets

METADATA = "metadata.json"
LARGEST = 1 << 20
"""Bytes of metadata.json; a certificate is in it."""


@dataclass(frozen=True, slots=True)
class Password:
    """The password of the archive and the key that gave it."""

    word: bytes
    key: RsaKey


def password(metadata: bytes, secrets: Secrets) -> Password | None:
    """What our keys make of it; None where the file is no such metadata. Raises Refused where they open nothing."""
    row = _row(metadata)
    if row is None:
        return None
    scheme = row.get("Scheme")
    if scheme == "PGP":
        raise Refused("unsupported", "PGP")
    if scheme != "X509":
        return None
    try:
        sealed = base64.b64decode(str(row["EncryptedPass"]), validate=True)
    except (KeyError, binascii.Error, ValueError):
        raise Refused("damaged", METADATA) from None
    way = padding.OAEP(padding.MGF1(hashes.SHA512()), hashes.SHA512(), None)
    for key in secrets.rsa:
        try:
            return Password(key.private.decrypt(sealed, way), key)
        except ValueError:
            continue
    raise Refused("no-matching-key", METADATA)


def _row(metadata: bytes) -> dict[str, Any] | None:
    try:
        said = json.loads(metadata)
    except (ValueError, RecursionError):
        return None
    if isinstance(said, list) and said:
        said = said[0]
    return said if isinstance(said, dict) and "EncryptedPass" in said else None
