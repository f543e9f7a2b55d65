"""One at a time, over all workers: a lock of the database session that outlives the transactions within."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

_CLASS = 0x10C_FEED - 2**31


@contextmanager
def held(number: int, *, wait: bool = True) -> Iterator[bool]:
    """Hold the lock of that number (32 bits, signed); false when another has it and `wait` is false."""
    function = "pg_advisory_lock" if wait else "pg_try_advisory_lock"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s, %s)", [_CLASS, number])
        [got] = cursor.fetchone() or [None]
    mine = wait or bool(got)
    try:
        yield mine
    finally:
        if mine:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [_CLASS, number])
