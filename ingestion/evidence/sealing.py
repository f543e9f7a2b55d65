"""From pieces to one stored original: read again by the worker, hashed, and kept encrypted as received.

What is no encrypted container as a whole gets an age layer of ours; an encrypted zip does, too: names in it are plain.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO

import pyrage
from pyrage import x25519

from ingestion.evidence import keys, storing
from ingestion.evidence.models import Archive
from ingestion.evidence.receiving import Hashing

HEAD = 64
AGE = (b"age-encryption.org/v1\n", b"-----BEGIN AGE ENCRYPTED FILE-----")
ACQUIRE = b"ENCRYPTEDACQUIRE"
CMS = bytes.fromhex("06092a864886f70d010703")
"""The object identifier of EnvelopedData (RFC 5652, 6.1) as it is written near the start of DER and of BER."""


class SealingError(Exception):
    """The original cannot be put together; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Sealed:
    """What was stored."""

    size: int
    sha256: str
    wrapped: bool


def is_encrypted(head: bytes) -> bool:
    """Whether the first bytes are of a container that is encrypted as a whole."""
    return head.startswith((*AGE, ACQUIRE)) or (head[:1] == b"\x30" and CMS in head[:24])


def seal(archive: Archive, private: keys.Private) -> Sealed:
    """Store the original. Raises SealingError: `keys_lost`, `piece_lost`, `hash_differs`."""
    identities = private.identities()
    with storing.draft() as file:
        if is_encrypted(_head(archive, identities)):
            through = Hashing(file)
            _read_pieces(archive, identities, through)
            sealed = Sealed(through.size, through.hexdigest(), wrapped=False)
        else:
            with _arriving(archive, identities) as (plain, through):
                pyrage.encrypt_io(plain, file, [keys.recipient()])
            sealed = Sealed(through.size, through.hexdigest(), wrapped=True)
        if sealed.size != archive.size or archive.sha256 not in {"", sealed.sha256}:
            raise SealingError("hash_differs")
        storing.put(storing.original_name(archive), file)
    return sealed


class _Enough(Exception):  # noqa: N818 (it ends a reading that has what it wants)
    """The head is read."""


class _Head:
    def __init__(self) -> None:
        self.data = b""

    def write(self, data: bytes) -> int:
        """Until there is enough."""
        self.data += data
        if len(self.data) >= HEAD:
            raise _Enough
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""


def _head(archive: Archive, identities: list[x25519.Identity]) -> bytes:
    """The first bytes, whatever the first pieces are long."""
    found = b""
    for number in range(len(archive.pieces)):
        head = _Head()
        with _piece(archive, number) as file, suppress(_Enough, pyrage.DecryptError):
            pyrage.decrypt_io(file, head, identities)
        found += head.data
        if len(found) >= HEAD:
            break
    return found[:HEAD]


def _read_pieces(archive: Archive, identities: list[x25519.Identity], into: Hashing) -> None:
    """All bytes in their order. Raises SealingError."""
    for number in range(len(archive.pieces)):
        with _piece(archive, number) as file:
            try:
                pyrage.decrypt_io(file, into, identities)
            except pyrage.DecryptError as error:
                raise SealingError("keys_lost") from error


@contextmanager
def _piece(archive: Archive, number: int) -> Iterator[IO[bytes]]:
    try:
        file = storing.read(storing.piece_name(archive.case, archive.arrival, number))
    except FileNotFoundError as error:
        raise SealingError("piece_lost") from error
    with file:
        yield file


@contextmanager
def _arriving(archive: Archive, identities: list[x25519.Identity]) -> Iterator[tuple[IO[bytes], Hashing]]:
    """The same to read from: decrypting writes and encrypting reads, so that a thread stands between them."""
    reading, writing = os.pipe()
    trouble: list[Exception] = []
    with os.fdopen(reading, "rb") as plain, os.fdopen(writing, "wb") as out:
        through = Hashing(out)

        def decrypt() -> None:
            try:
                _read_pieces(archive, identities, through)
            except Exception as error:  # noqa: BLE001 (raised again by whoever reads)
                trouble.append(error)
            finally:
                with suppress(BrokenPipeError):
                    out.close()

        thread = threading.Thread(target=decrypt, daemon=True)
        thread.start()
        try:
            yield plain, through
        finally:
            plain.close()
            thread.join()
    if trouble:
        raise trouble[0]
