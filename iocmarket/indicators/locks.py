"""One writer of statements at a time for each institution (ADR 0010).

What an institution says already decides whether a statement is new or renewed; two writers of one institution would
each miss what the other is about to say.
"""

from __future__ import annotations

from django.db import connection

LOCK_SPACE = 0x10C2


def hold_institution(institution_id: int) -> None:
    """Wait for the institution's other writer; held until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK_SPACE, institution_id])
