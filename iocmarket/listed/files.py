"""The file of the index: where it lies, how it is replaced, and the newest one mapped."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import NamedTuple

from django.conf import settings

from iocmarket.listed.compiling import compiled
from iocmarket.listed.essential import sources
from iocmarket.listed.index import Broken, Index

logger = logging.getLogger(__name__)
_CODE = (Path(__file__).parent / "essential.py", Path(__file__).parent / "compiling.py")


class _Held(NamedTuple):
    mark: tuple[int, int, int] | None
    """Device's number, size and time of the file, in nanoseconds: another one after every replacement."""
    lists: Index | None


_held = _Held((0, 0, 0), None)


def path() -> Path:
    """Where the index lies."""
    return Path(settings.DATA_DIR) / "warninglists.index"


def newest() -> Index | None:
    """The index as it is now, looked at once for a batch of values: one `stat`. None where none was built.

    One that cannot be read is told in the log and the one before stays: a broken file must not open every feed.
    """
    global _held  # noqa: PLW0603 (one mapping for the process)
    held, mark = _held, _mark()
    if mark != held.mark:
        held = _Held(mark, _read(held.lists) if mark else None)
        _held = held
    return held.lists


def _mark() -> tuple[int, int, int] | None:
    try:
        found = path().stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _read(before: Index | None) -> Index | None:
    try:
        return Index.mapped(path())
    except (Broken, OSError) as error:
        logger.warning("the index of the warning lists is not taken: %s", error)
        return before


def build(folder: Path) -> tuple[int, int]:
    """Make the index of the lists in a folder; how many lists and entries it has. Raises OSError, ValueError."""
    found = list(sources(folder))
    if not found:
        raise ValueError("none of the essential lists is there")
    target = path()
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f"{target.name}.{os.getpid()}")
    beside.write_bytes(compiled(found))
    beside.replace(target)
    return len(found), sum(source.entries for source in found)


def is_newer_than(folder: Path) -> bool:
    """Whether the index is younger than the lists and than the choice of them."""
    try:
        built = path().stat().st_mtime
    except OSError:
        return False
    return all(source.stat().st_mtime < built for source in (folder, *folder.glob("*/list.json"), *_CODE))
