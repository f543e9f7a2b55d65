"""The bytes of a feed out of its parts, a piece at a time, plain or as gzip."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from typing import BinaryIO

from sharing.feeds import blobs, packing
from sharing.feeds.blobs import PIECE, Blob


class Body:
    """All files are open from the beginning, so that what was promised can be sent whatever is swept meanwhile."""

    def __init__(self, parts: list[bytes | Blob], *, with_gzip: bool) -> None:
        """Raises FileNotFoundError when a file has vanished."""
        self._files = ExitStack()
        self._sources: list[tuple[bytes | BinaryIO, int]] = []
        try:
            self._gzip(parts) if with_gzip else self._plain(parts)
        except BaseException:
            self._files.close()
            raise
        self.length = sum(size for _source, size in self._sources)

    def close(self) -> None:
        """Close the files; the server calls it when the answer was sent or its client has gone."""
        self._files.close()

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
        packed = [part if isinstance(part, bytes) else blobs.packed(part) for part in parts]
        opened = iter(blobs.opened([part.path for part in packed if not isinstance(part, bytes)], self._files))
        checks: list[tuple[int, int]] = []
        self._sources.append((packing.HEAD, len(packing.HEAD)))
        for part, form in zip(parts, packed, strict=True):
            if isinstance(form, bytes):
                small = packing.deflated(form)
                self._sources.append((small, len(small)))
                checks.append((zlib.crc32(form), len(form)))
            else:
                self._sources.append((next(opened), form.size))
                checks.append((form.crc, part.size if isinstance(part, Blob) else 0))
        end = packing.tail(checks)
        self._sources.append((end, len(end)))
