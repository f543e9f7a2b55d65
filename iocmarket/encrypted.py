"""Secrets of others that the program must be able to say again: stored encrypted, so that a copy of the database
opens nothing.

Each purpose has a key of its own, made from SECRET_KEY; what was written under a key of SECRET_KEY_FALLBACKS is still
read.
"""

from __future__ import annotations

import base64
import hashlib

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings


def cipher(purpose: str) -> MultiFernet:
    """Encrypts under the present key. Decrypting raises cryptography's InvalidToken for what no key opens."""
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(_key(purpose, secret)) for secret in secrets])


def _key(purpose: str, secret: str) -> bytes:
    return base64.urlsafe_b64encode(hashlib.sha256(f"iocmarket.{purpose}:{secret}".encode()).digest())
