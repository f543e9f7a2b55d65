"""Parts of feeds in files named after their content: written once, whoever asks, and never changed.

A file may vanish at any time (a sweep, another machine, a hand): whoever misses one builds the feed again. The
database says which files are in use; nothing here is a truth.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

PIECE = 1 << 20
"""Bytes that are read or written at once."""
GRACE = 1800.0
"""Seconds that a file stays after its last use."""


@dataclass(frozen=True, slots=True)
class Blob:
    """One file: its name is the digest of its content."""

    name: str
    size: int

    @property
    def path(self) -> Path:
        """Where it lies."""
        return folder() / self.name


def folder() -> Path:
    """The folder of all of them."""
    return Path(settings.DATA_DIR) / "feeds"


def write(pieces: Iterable[bytes]) -> Blob:
    """Write a content that arrives in pieces; it is never in memory as a whole."""
    digest, size = hashlib.blake2b(digest_size=20), 0

    def noted() -> Iterator[bytes]:
        nonlocal size
        for piece in pieces:
            digest.update(piece)
            size += len(piece)
            yield piece

    written(noted(), digest.hexdigest)
    return Blob(digest.hexdigest(), size)


def present(blobs: Iterable[Blob]) -> bool:
    """Whether all files are there; those that are count as used now."""
    try:
        for blob in blobs:
            os.utime(blob.path)
    except FileNotFoundError:
        return False
    return True


def opened(paths: Iterable[Path], stack: ExitStack) -> list[BinaryIO]:
    """All files open at once, so that nothing can vanish half-way. Raises FileNotFoundError."""
    return [stack.enter_context(path.open("rb", buffering=0)) for path in paths]


def written(pieces: Iterable[bytes], name: Callable[[], str]) -> None:
    """Write a file beside, to the disk, and rename it: a name stands for a whole content or for none."""
    folder().mkdir(parents=True, exist_ok=True)
    handle, made = tempfile.mkstemp(dir=folder(), prefix=".new-")
    try:
        with os.fdopen(handle, "wb", buffering=PIECE) as file:
            for piece in pieces:
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        Path(made).replace(folder() / name())
    except BaseException:
        Path(made).unlink(missing_ok=True)
        raise


def sweep(used: Collection[str], *, now: float) -> int:
    """Remove what is in no use and was not used of late; how many files."""
    removed = 0
    for path in folder().iterdir():
        name = path.name if path.name.startswith(".") else path.name.partition(".")[0]  # with its compressed forms
        if name not in used and path.is_file() and path.stat().st_mtime < now - GRACE:
            path.unlink(missing_ok=True)
            removed += 1
    return removed
