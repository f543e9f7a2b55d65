"""Zstandard frames (RFC 8878) out of parts that were compressed apart: a large feed is compressed once for everybody.

Blocks may follow each other as they are, and blocks that are not compressed change nothing of what the others refer to.
But a file's first block counts on the three offsets that every frame begins with, so a frame holds one file at most;
several frames in a row are one content (section 3), and lists of lines, which are one file, are one frame.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from sharing.feeds.codings import LEVEL

WINDOW_LOG = 19
"""The window of level 1, half a megabyte: RFC 9659 permits eight megabytes at most."""
_BLOCK = 1 << 17
"""Octets that a block holds at most."""
_MAGIC = b"\x28\xb5\x2f\xfd"
_PLAIN_HEAD = 6
"""Octets of a frame's header with neither size nor checksum, as the library writes it before the first block."""
LAST_BLOCK = b"\x01\x00\x00"


class Readable(Protocol):
    """What pieces are read from."""

    def read(self, size: int, /) -> bytes:
        """So many bytes at most; none at the end."""
        ...


def head(length: int) -> bytes:
    """The beginning of a frame whose content has so many octets: eight say it, and there is no checksum."""
    return _MAGIC + bytes([0xC0, (WINDOW_LOG - 10) << 3]) + length.to_bytes(8, "little")


def stored(text: bytes) -> bytes:
    """A small part as blocks that are not compressed, to stand before others."""
    pieces = [text[start : start + _BLOCK] for start in range(0, len(text), _BLOCK)]
    return b"".join((len(piece) << 3).to_bytes(3, "little") + piece for piece in pieces)


def blocks(file: Readable, *, piece: int) -> Iterator[bytes]:
    """The blocks of a file's content, none of them marked as the last."""
    import zstandard  # noqa: PLC0415 (a megabyte, for who asks for it)

    parameters = zstandard.ZstdCompressionParameters.from_level(
        LEVEL, window_log=WINDOW_LOG, write_content_size=False, write_checksum=False
    )
    squeeze = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    begun = False
    while text := file.read(piece):
        made = squeeze.compress(text) + squeeze.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)
        yield made if begun else made[_PLAIN_HEAD:]
        begun = True
