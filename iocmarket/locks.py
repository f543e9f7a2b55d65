"""One at a time, over all processes: a lock of the database session that outlives the transactions within."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def session_lock(*key: int, wait: bool = True) -> Iterator[bool]:
    """Hold the lock of this key, for as long as this connection lives; false when another has it and `wait` is false.

    A key is one number of 64 bits or two of 32, signed: PostgreSQL keeps the two kinds apart.
    """
    function = "pg_advisory_lock" if wait else "pg_try_advisory_lock"
    places = ", ".join(["%s"] * len(key))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}({places})", key)
        [got] = cursor.fetchone() or [None]
    mine = wait or bool(got)
    try:
        yield mine
    finally:
        if mine:
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT pg_advisory_unlock({places})", key)
