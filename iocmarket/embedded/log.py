"""Log files of the services: appended, and one older generation kept, so that they never fill a disk."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

LARGEST = 10 * 1024 * 1024  # bytes


def open_log(path: Path) -> BinaryIO:
    """The file, open for appending; a large one is first renamed to `<name>.1`. The caller closes it."""
    if path.exists() and path.stat().st_size > LARGEST:
        path.replace(path.with_name(f"{path.name}.1"))
    return path.open("ab")


def last_lines(path: Path, count: int = 15) -> str:
    """The end of the file, for an error message."""
    if not path.exists():
        return ""
    return "\n".join(path.read_text(errors="replace").splitlines()[-count:])
