"""Secrets of a laptop instance: drawn at random at the first start, kept in a file that only its owner reads."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path


def kept_key(data_dir: Path, name: str) -> str:
    """The secret of that name: 32 random bytes in hexadecimal, the same at every start. Safe against two starters."""
    folder = data_dir / "keys"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / name
    if not path.exists():
        write_once(path, lambda: secrets.token_hex(32))
    return path.read_text().strip()


def write_once(path: Path, draw: Callable[[], str]) -> None:
    """A file that only its owner reads. Of two starters at once the first whose file has the name wins for both."""
    draft = path.with_name(f".{secrets.token_hex(8)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(draw())
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
