"""One writer of statements at a time for each institution (ADR 0010), and none while values are forgotten (ADR 0046).

What an institution says already decides whether a statement is new or renewed; two writers of one institution would
each miss what the other is about to say. And whoever has found a value is about to say something of it: the row must
not go in between.
"""

from __future__ import annotations

from django.db import connection

LOCK_SPACE = 0x10C2
VALUES = 0x10C2_0000_0001


def hold_institution(institution_id: int) -> None:
    """Wait for the institution's other writer, and for who forgets values; held until the transaction ends."""
    with connection.cursor() as cursor:
        # The values first: who waits for them keeps no institution waiting.
        cursor.execute(
            "SELECT pg_advisory_xact_lock_shared(%s), pg_advisory_xact_lock(%s, %s)",
            [VALUES, LOCK_SPACE, institution_id],
        )


def hold_all_values() -> None:
    """Wait until nobody is about to say something of a value that was found; held until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [VALUES])
