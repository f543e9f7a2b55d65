"""What writers call: announce a change, in the transaction of the change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db import connection

from iocmarket.copying import copy_rows
from iocmarket.publication.models import Outbox

CHANNEL = "iocmarket_outbox"


def announce(changes: Mapping[int, Iterable[str]], *, lane: Outbox.Lane = Outbox.Lane.NOW) -> None:
    """Say that these indicators (by id) changed for these audience keys, those before and those after.

    Names no view and no content. Raises RuntimeError outside a transaction.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("a change is announced in its own transaction")
    rows = [Outbox(indicator_id=pk, audiences=sorted(keys), lane=lane) for pk, keys in sorted(changes.items())]
    copy_rows(rows)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])
