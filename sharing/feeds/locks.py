"""One at a time, over all workers: the locks of feeds, apart from everybody else's."""

from __future__ import annotations

from contextlib import AbstractContextManager

from iocmarket.locks import session_lock

_CLASS = 0x10C_FEED - 2**31


def held(number: int, *, wait: bool = True) -> AbstractContextManager[bool]:
    """Hold the lock of that number (32 bits, signed); false when another has it and `wait` is false."""
    return session_lock(_CLASS, number, wait=wait)
