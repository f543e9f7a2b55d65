"""What writers call: announce a change, in the transaction of the change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db import connection

from iocmarket.copying import array, copy_text
from iocmarket.kernel import clock
from iocmarket.publication.models import Outbox

CHANNEL = "iocmarket_outbox"


def announce(changes: Mapping[int, Iterable[str]], *, lane: Outbox.Lane = Outbox.Lane.NOW) -> None:
    """Say that these indicators (by id) changed for these audience keys, those before and those after.

    Names no view and no content. Raises RuntimeError outside a transaction.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("a change is announced in its own transaction")
    after = f"{lane:d}\t{clock.now().isoformat()}\n"
    written: dict[frozenset[str], str] = {}
    lines = []
    for pk in sorted(changes):
        keys = frozenset(changes[pk])
        if keys not in written:
            written[keys] = array(sorted(keys))
        lines.append(f"{pk}\t{written[keys]}\t{after}")
    if lines:
        copy_text(Outbox._meta.db_table, ("indicator_id", "audiences", "lane", "created_at"), "".join(lines))  # noqa: SLF001
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])
