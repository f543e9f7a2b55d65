"""One process at a time at one archive: whoever processes it, matches it or writes its files."""

from __future__ import annotations

from contextlib import AbstractContextManager

from iocmarket.locks import session_lock

LOCK_SPACE = 0x10C6 << 32


def holding(pk: int) -> AbstractContextManager[bool]:
    """False when another process has it. The lock dies with its connection."""
    return session_lock(LOCK_SPACE + pk, wait=False)
