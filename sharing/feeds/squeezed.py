"""Compressed forms of files, kept beside them: made when somebody first asks for one, for all who ask later."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from sharing.feeds import blobs, frames
from sharing.feeds.blobs import PIECE, Blob
from sharing.feeds.codings import LEVEL

_DEFLATED, _FRAMED = ".z", ".zst"
_CHECK = 4
"""Bytes of the CRC-32 of the content, after the deflated content."""


@dataclass(frozen=True, slots=True)
class Deflated:
    """The same content as raw DEFLATE (RFC 1951) up to a byte boundary, without a last block."""

    path: Path
    size: int
    crc: int
    """CRC-32 of what was compressed."""


def deflated(blob: Blob) -> Deflated:
    """For gzip. Raises FileNotFoundError."""
    path = _beside(blob, _DEFLATED)
    try:
        return _read(path)
    except FileNotFoundError:
        with blob.path.open("rb", buffering=0) as file:
            blobs.written(_deflating(file), lambda: path.name)
        return _read(path)


def framed(blob: Blob) -> tuple[Path, int]:
    """For Zstandard: the file of its blocks (frames.py), none of them the last, and how long it is.

    Raises FileNotFoundError.
    """
    path = _beside(blob, _FRAMED)
    try:
        return path, path.stat().st_size
    except FileNotFoundError:
        with blob.path.open("rb", buffering=0) as file:
            blobs.written(frames.blocks(file, piece=PIECE), lambda: path.name)
        return path, path.stat().st_size


def _beside(blob: Blob, suffix: str) -> Path:
    return blob.path.with_name(blob.name + suffix)


def _read(path: Path) -> Deflated:
    with path.open("rb") as file:
        file.seek(-_CHECK, os.SEEK_END)
        return Deflated(path, file.tell(), int.from_bytes(file.read(), "big"))


def _deflating(file: BinaryIO) -> Iterator[bytes]:
    squeeze, crc = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS), 0
    while piece := file.read(PIECE):
        crc = zlib.crc32(piece, crc)
        yield squeeze.compress(piece)
    yield squeeze.flush(zlib.Z_FULL_FLUSH)
    yield crc.to_bytes(_CHECK, "big")
