"""gzip, xz, bzip2 and Zstandard: one compressed stream, or several one after the other.

Memory is bounded whatever the header asks for: at most MEMORY of dictionary, CHUNK of output at once.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from abc import abstractmethod
from typing import BinaryIO, Protocol

import zstandard

from ingestion.evidence.containers.base import Refused
from ingestion.evidence.containers.decoding import CHUNK, Envelope, Out, Secrets, Unsealed, raise_if_ours

MEMORY = 256 << 20
"""Bytes of dictionary: xz -9 takes 65 MiB, zstd --ultra -22 takes 128 MiB."""


class _Stream(Protocol):
    """What the libraries' decompressors of one stream have in common."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    @property
    def needs_input(self) -> bool: ...

    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


class _Gzip:
    """zlib's object in the manner of the others."""

    def __init__(self) -> None:
        self._zlib = zlib.decompressobj(31)

    @property
    def eof(self) -> bool:
        return self._zlib.eof

    @property
    def unused_data(self) -> bytes:
        return self._zlib.unused_data

    @property
    def needs_input(self) -> bool:
        return not self._zlib.unconsumed_tail

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        return self._zlib.decompress(self._zlib.unconsumed_tail + data, max_length)


def _code(error: BaseException) -> str:
    """liblzma and libzstd say in words alone that a dictionary is larger than MEMORY."""
    return "too-large" if "memory" in str(error).lower() else "damaged"


class _Compressed(Envelope):
    """Streams of one kind until the file ends; zeros after the last are padding."""

    magic: bytes

    def recognises(self, head: bytes) -> bool:
        return head.startswith(self.magic)

    @abstractmethod
    def stream(self) -> _Stream:
        """A new decompressor for one stream."""

    def unseal(self, source: BinaryIO, out: Out, secrets: Secrets) -> Unsealed:  # noqa: ARG002 (nothing is secret)
        try:
            data = source.read(CHUNK)
            while data:
                data = self._one(data, source, out).lstrip(b"\0") or source.read(CHUNK).lstrip(b"\0")
        except (zlib.error, lzma.LZMAError, zstandard.ZstdError, OSError, EOFError) as error:
            raise_if_ours(error)
            raise Refused(_code(error), self.name) from None
        return Unsealed(self.name)

    def _one(self, data: bytes, source: BinaryIO, out: Out) -> bytes:
        """One stream to its end; what follows it in what was read."""
        stream = self.stream()
        while True:
            out.write(stream.decompress(data, CHUNK))
            if stream.eof:
                return stream.unused_data
            data = source.read(CHUNK) if stream.needs_input else b""
            if not data and stream.needs_input:
                raise Refused("truncated", self.name)


class Gzip(_Compressed):
    """RFC 1952."""

    name = "gzip"
    magic = b"\x1f\x8b\x08"

    def stream(self) -> _Stream:
        return _Gzip()


class Xz(_Compressed):
    """The .xz format, version 1.2."""

    name = "xz"
    magic = b"\xfd7zXZ\0"

    def stream(self) -> _Stream:
        return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MEMORY)


class Bzip2(_Compressed):
    """bzip2: at most 900 kB of memory by its format."""

    name = "bzip2"
    magic = b"BZh"

    def recognises(self, head: bytes) -> bool:
        return head.startswith(b"BZh") and head[4:10] in {b"1AY&SY", b"\x17rE8P\x90"}

    def stream(self) -> _Stream:
        return bz2.BZ2Decompressor()


class Zstandard(_Compressed):
    """RFC 8878."""

    name = "zstd"
    magic = b"\x28\xb5\x2f\xfd"

    def stream(self) -> _Stream:
        return _Zstandard()


class _Zstandard:
    """The library's object hands out all that its input gives: fed in small pieces, as four bytes may give 128 KiB."""

    _PIECE = 1024

    def __init__(self) -> None:
        self._frame = zstandard.ZstdDecompressor(max_window_size=MEMORY).decompressobj()
        self._waiting = b""

    @property
    def eof(self) -> bool:
        return self._frame.eof

    @property
    def unused_data(self) -> bytes:
        return self._frame.unused_data + self._waiting

    @property
    def needs_input(self) -> bool:
        return not self._waiting

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        if data:
            self._waiting += data
        given: list[bytes] = []
        size = at = 0
        while not self._frame.eof and size < max_length and at < len(self._waiting):
            given.append(self._frame.decompress(self._waiting[at : at + self._PIECE]))
            size += len(given[-1])
            at += self._PIECE
        self._waiting = self._waiting[at:]
        return b"".join(given)
