"""age (age-encryption.org/v1), binary or armoured, to X25519 recipients. Streaming: 64 KiB at a time, authenticated.

pyrage raises DecryptError for the header and OSError for the payload, with nothing but words to tell them apart.
Files under a passphrase are refused with a code of their own: the sender has the platform's recipient to encrypt to.
"""

from __future__ import annotations

from typing import BinaryIO

import pyrage

from ingestion.evidence.containers.base import Refused
from ingestion.evidence.containers.decoding import Envelope, Out, Secrets, Unsealed, raise_if_ours

_BINARY = b"age-encryption.org/v1"
_ARMOURED = b"-----BEGIN AGE ENCRYPTED FILE-----"
_HEADER = 1 << 16
_TAG = 16


class Age(Envelope):
    """The one file for which the platform publishes a recipient."""

    name = "age"

    def recognises(self, head: bytes) -> bool:
        return head.startswith((_BINARY, _ARMOURED))

    def unseal(self, source: BinaryIO, out: Out, secrets: Secrets) -> Unsealed:
        head = source.read(_HEADER)
        if b"\n-> scrypt " in head[:64]:
            raise Refused("passphrase-age")
        identity = self._fitting(head, secrets) if head.startswith(_BINARY) else None
        source.seek(0)
        identities = [identity] if identity is not None else list(secrets.age)
        try:
            pyrage.decrypt_io(source, out, identities)
        except pyrage.DecryptError as error:
            raise Refused(self._code(str(error))) from None
        except OSError as error:
            raise_if_ours(error)
            raise Refused("authentication-failed") from None
        key = identity or (identities[0] if len(identities) == 1 else None)
        return Unsealed("age x25519", str(key.to_public()) if key is not None else "")

    def _fitting(self, head: bytes, secrets: Secrets) -> pyrage.x25519.Identity | None:
        """Which identity opens the header: tried on the header alone, so that a wrong one costs nothing."""
        mac = head.find(b"\n--- ") + 1
        end = head.find(b"\n", mac) + 1
        if not mac or not end:
            raise Refused("truncated")
        for identity in secrets.age:
            try:
                pyrage.decrypt(head[: end + _TAG], [identity])
            except (pyrage.DecryptError, OSError) as error:
                if self._code(str(error)) == "no-matching-key":
                    continue
            return identity
        raise Refused("no-matching-key")

    @staticmethod
    def _code(words: str) -> str:
        if "No matching keys" in words:
            return "no-matching-key"
        return "truncated" if "Incomplete" in words else "authentication-failed"
