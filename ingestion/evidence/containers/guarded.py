"""A file whose reads are bounded: libraries ask for as many bytes as a header claims."""

from __future__ import annotations

import io
from pathlib import Path

from ingestion.evidence.containers.base import Refused


class Guarded(io.BufferedReader):
    """Refuses a single read of more than `largest` bytes, and one with more than `most` times `mark` in it."""

    def __init__(self, path: Path, largest: int, code: str, mark: bytes = b"", most: int = 0) -> None:
        super().__init__(io.FileIO(path), 1 << 16)
        self._largest = largest
        self._code = code
        self._mark = mark
        self._most = most

    def read(self, size: int | None = -1, /) -> bytes:
        left = -1 if size is None else size
        if left > self._largest:
            raise Refused(self._code)
        data = super().read(left)
        if self._mark and len(data) > self._most and data.count(self._mark) > self._most:
            raise Refused(self._code)
        return data
