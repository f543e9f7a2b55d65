"""Bytes of an archive on their way in: hashed, counted and encrypted while they arrive; none is ever on the disk plain.

What arrived before a connection broke is a piece like any other: the client goes on behind it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

import pyrage
from pyrage import x25519

from ingestion.evidence import storing
from iocmarket.api.problems import Problem


@dataclass(frozen=True, slots=True)
class Piece:
    """What was written: plain bytes, their SHA-256, and the problem that ended them early."""

    size: int
    sha256: bytes
    broken: Problem | None


class _Arriving:
    """The body as pyrage reads it. A body that breaks off or is too long ends here, and is told afterwards."""

    def __init__(self, pieces: Iterator[bytes], most: int) -> None:
        self._pieces = pieces
        self._held = b""
        self._most = most
        self._digest = hashlib.sha256()
        self.size = 0
        self.broken: Problem | None = None

    def read(self, count: int = -1) -> bytes:
        """Up to so many bytes; none at the end."""
        if not self._held and not self.broken:
            self._held = self._next()
        given, self._held = (self._held, b"") if count < 0 else (self._held[:count], self._held[count:])
        return given

    def _next(self) -> bytes:
        try:
            found = next(self._pieces, b"")
        except Problem as problem:
            self.broken = problem
            return b""
        if self.size + len(found) > self._most:
            self.broken = Problem(413, "archive_too_large", f"more than the {self._most} bytes that may come")
            return b""
        self.size += len(found)
        self._digest.update(found)
        return found

    def piece(self) -> Piece:
        """What came, once it was read to its end."""
        return Piece(self.size, self._digest.digest(), self.broken)


def write_piece(
    pieces: Iterator[bytes], *, name: str, to: x25519.Recipient, most: int, sha256: bytes | None = None
) -> Piece:
    """Encrypt the body into the storage under this name. Nothing is kept of an empty one.

    `sha256`: what the sender says of it; a body that differs, or that broke off and so cannot be compared, is not kept:
    Problem 460 (tus 1.0, Checksum), or what broke it.
    """
    arriving = _Arriving(pieces, most)
    with storing.draft() as file:
        pyrage.encrypt_io(arriving, file, [to])
        piece = arriving.piece()
        if sha256 is not None and piece.broken is not None:
            raise piece.broken
        if sha256 is not None and piece.sha256 != sha256:
            raise Problem(460, "checksum_mismatch", "the body is not what its checksum says; send it again")
        if piece.size:
            storing.put(name, file)
    return piece


class Hashing:
    """A file that hashes and counts what is written through it; `head` keeps the first bytes."""

    def __init__(self, into: IO[bytes] | None = None, *, head: int = 0) -> None:
        self._into = into
        self._head = head
        self._digest = hashlib.sha256()
        self.size = 0
        self.head = b""

    def write(self, data: bytes) -> int:
        """All of it."""
        if len(self.head) < self._head:
            self.head += data[: self._head - len(self.head)]
        self._digest.update(data)
        self.size += len(data)
        if self._into is not None:
            self._into.write(data)
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def hexdigest(self) -> str:
        """SHA-256 of what was written."""
        return self._digest.hexdigest()
