"""The bytes of a feed out of its parts, a piece at a time, plain or in a content coding."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from typing import BinaryIO

from sharing.feeds import blobs, frames, packing, squeezed
from sharing.feeds.blobs import PIECE, Blob
from sharing.feeds.codings import Coding


class Body:
    """All files are open from the beginning, so that what was promised can be sent whatever is swept meanwhile."""

    def __init__(self, parts: list[bytes | Blob], coding: Coding = Coding.IDENTITY) -> None:
        """Raises FileNotFoundError when a file has vanished."""
        self._files = ExitStack()
        self._sources: list[tuple[bytes | BinaryIO, int]] = []
        try:
            if coding is Coding.ZSTD:
                self._zstd(parts)
            elif coding is Coding.GZIP:
                self._gzip(parts)
            else:
                self._plain(parts)
        except BaseException:
            self._files.close()
            raise
        self.length = sum(size for _source, size in self._sources)

    def close(self) -> None:
        """Close the files; the server calls it when the answer was sent or its client has gone."""
        self._files.close()

    def cut(self, start: int, end: int) -> None:
        """Leave only the bytes from `start` up to `end`, which is not among them."""
        kept: list[tuple[bytes | BinaryIO, int]] = []
        at = 0
        for source, size in self._sources:
            first, last = max(start - at, 0), min(end - at, size)
            at += size
            if first >= last:
                continue
            if isinstance(source, bytes):
                kept.append((source[first:last], last - first))
            else:
                source.seek(first)
                kept.append((source, last - first))
        self._sources = kept
        self.length = sum(size for _source, size in kept)

    def __iter__(self) -> Iterator[bytes]:
        for source, size in self._sources:
            if isinstance(source, bytes):
                yield source
                continue
            left = size
            while left > 0 and (piece := source.read(min(PIECE, left))):
                left -= len(piece)
                yield piece
        self.close()

    def _plain(self, parts: list[bytes | Blob]) -> None:
        opened = iter(blobs.opened([part.path for part in parts if isinstance(part, Blob)], self._files))
        for part in parts:
            self._sources.append((part, len(part)) if isinstance(part, bytes) else (next(opened), part.size))

    def _gzip(self, parts: list[bytes | Blob]) -> None:
        packed = [part if isinstance(part, bytes) else squeezed.deflated(part) for part in parts]
        opened = iter(blobs.opened([part.path for part in packed if not isinstance(part, bytes)], self._files))
        checks: list[tuple[int, int]] = []
        self._say(packing.HEAD)
        for part, form in zip(parts, packed, strict=True):
            if isinstance(form, bytes):
                self._say(packing.deflated(form))
                checks.append((zlib.crc32(form), len(form)))
            else:
                self._sources.append((next(opened), form.size))
                checks.append((form.crc, part.size if isinstance(part, Blob) else 0))
        self._say(packing.tail(checks))

    def _zstd(self, parts: list[bytes | Blob]) -> None:
        """A frame for each file, with the small parts before it; the last one has those after it too."""
        forms = [squeezed.framed(part) for part in parts if isinstance(part, Blob)]
        sizes = [size for _path, size in forms]
        opened = zip(blobs.opened([path for path, _size in forms], self._files), sizes, strict=True)
        for frame in _frames(parts):
            self._say(frames.head(sum(len(part) if isinstance(part, bytes) else part.size for part in frame)))
            for part in frame:
                if isinstance(part, bytes):
                    self._say(frames.stored(part))
                else:
                    self._sources.append(next(opened))
            self._say(frames.LAST_BLOCK)

    def _say(self, small: bytes) -> None:
        self._sources.append((small, len(small)))


def _frames(parts: list[bytes | Blob]) -> list[list[bytes | Blob]]:
    """The parts of each frame: one file at most (frames.py)."""
    found: list[list[bytes | Blob]] = [[]]
    for part in parts:
        found[-1].append(part)
        if isinstance(part, Blob):
            found.append([])
    if len(found) > 1:
        after = found.pop()
        found[-1] += after
    return found
