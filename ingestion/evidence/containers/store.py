"""Where unpacked bytes go: files named by us in one folder, hashed and measured against the caps while written."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ingestion.evidence.containers.base import Caps, Refused

FLOOR = 16 << 20
"""Unpacked bytes up to which no ratio is looked at: files of zeros are common, and so few harm nobody."""


class Budget:
    """What one archive has used of its caps. Raises `Refused` beyond them."""

    def __init__(self, caps: Caps, size: int) -> None:
        self.caps = caps
        self._size = max(1, size)
        self.entries = 0
        self.bytes = 0

    @property
    def entries_left(self) -> int:
        return self.caps.entries - self.entries

    def entry(self) -> None:
        """One member more, of whatever kind."""
        self.entries += 1
        if self.entries > self.caps.entries:
            raise Refused("too-many-entries")

    def take(self, count: int, where: str = "") -> None:
        """So many bytes more of members."""
        self.bytes += count
        if self.bytes > self.caps.bytes:
            raise Refused("too-large", where)
        self.ratio(self.bytes, self._size, where)

    def ratio(self, unpacked: int, packed: int, where: str) -> None:
        """Whether so much may come from so little."""
        if unpacked > FLOOR and unpacked > self.caps.ratio * packed:
            raise Refused("ratio", where)


@dataclass(frozen=True, slots=True)
class Written:
    """One file that was written to its end."""

    file: Path
    size: int
    sha256: str


class Beyond(Exception):  # noqa: N818 (a finding, like Refused)
    """One member is larger than one may be."""


class Store:
    """One folder of ours. Nothing that an archive says is part of a name in it."""

    def __init__(self, into: Path, budget: Budget) -> None:
        self._into = into
        self._budget = budget
        self._made: list[Path] = []
        self._folders: set[Path] = set()

    def fresh(self) -> Path:
        """The path of a file that does not exist yet; a thousand in each folder."""
        number = len(self._made)
        folder = self._into / f"{number // 1000:03d}"
        if folder not in self._folders:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._folders.add(folder)
        path = folder / f"{number:06d}"
        self._made.append(path)
        return path

    def member(self, chunks: Iterator[bytes], packed: int, limit: int, where: str) -> Written:
        """Write one member. Raises Refused, Broken (from the chunks) or Beyond, and leaves nothing then."""
        path = self.fresh()
        digest = hashlib.sha256()
        size = 0
        try:
            with os.fdopen(created(path), "wb", buffering=0) as file:
                for chunk in chunks:
                    size += len(chunk)
                    self._budget.take(len(chunk), where)
                    if packed:
                        self._budget.ratio(size, packed, where)
                    _within(size, limit)
                    digest.update(chunk)
                    file.write(chunk)
        except BaseException:
            path.unlink()
            raise
        return Written(path, size, digest.hexdigest())

    def layer(self, packed: int, *, counts: bool) -> Layer:
        """A file for the payload of an envelope of so many bytes; `counts`: towards the bytes of all members."""
        return Layer(self.fresh(), self._budget, packed, counts=counts)

    def wipe(self) -> None:
        """Remove all that was written."""
        for path in self._made:
            path.unlink(missing_ok=True)
        for folder in self._folders:
            with suppress(OSError):  # something else lies there
                folder.rmdir()


class Layer:
    """What an envelope writes its payload to: a file that may be written anywhere within the caps."""

    def __init__(self, path: Path, budget: Budget, packed: int, *, counts: bool) -> None:
        self.path = path
        self._file = os.fdopen(created(path), "wb")
        self._budget = budget
        self._packed = max(1, packed)
        self._counts = counts
        self._written = 0

    def write(self, data: bytes, /) -> int:
        self._written += len(data)
        if self._counts:
            self._budget.take(len(data))
        self._budget.ratio(self._written, self._packed, "")
        if max(self._written, self._file.tell() + len(data)) > self._budget.caps.bytes:
            raise Refused("too-large")
        return self._file.write(data)

    def seek(self, offset: int, whence: int = 0, /) -> int:
        at = self._file.seek(offset, whence)
        if at > self._budget.caps.bytes:
            raise Refused("too-large")
        return at

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        self._file.close()


def _within(size: int, limit: int) -> None:
    if size > limit:
        raise Beyond


def created(path: Path) -> int:
    """A new file for us alone; what stands at that path is never followed nor overwritten."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
