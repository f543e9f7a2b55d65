"""What the publisher writes in a second: values nobody had, values that are unchanged, values that say something new.

The reference is PostgreSQL alone: the same rows, bodies and all, copied into a table with the same indexes; for new
versions an UPDATE of as many bodies.
"""

from __future__ import annotations

import io
import time
from collections.abc import Iterable
from typing import ClassVar

from django.db import connection, transaction

from bench.base import Measure, measures
from bench.table import Row
from bench.timing import medians, seconds
from bench.world import World
from iocmarket.publication.outbox import announce

MOST = 10_000
_CHOSEN = "SELECT id FROM indicators_indicator ORDER BY id LIMIT %s"
_CHANGE = f"""UPDATE indicators_contribution SET confidence = CASE confidence WHEN 100 THEN 40 ELSE confidence + 1 END
WHERE audience = 'community' AND indicator_id IN ({_CHOSEN}) RETURNING indicator_id"""
_REFRESH = f"""UPDATE indicators_contribution SET refreshed_at = now()
WHERE audience = 'community' AND indicator_id IN ({_CHOSEN}) RETURNING indicator_id"""
_FORGET = f"""DELETE FROM publication_entry WHERE indicator_id IN ({_CHOSEN}) AND view_id IN
(SELECT id FROM publication_view WHERE audience = 'community') RETURNING indicator_id"""
_RAW = """UPDATE bench_entry AS held SET body = fresh.body, date_added = now()
FROM bench_fresh AS fresh WHERE held.id = fresh.id"""
_TABLES = """
DROP TABLE IF EXISTS bench_entry, bench_fresh, bench_copy;
CREATE TABLE bench_copy (LIKE publication_entry INCLUDING ALL);
CREATE TABLE bench_entry AS SELECT e.id, e.body, e.date_added FROM publication_entry e ORDER BY id LIMIT {count};
ALTER TABLE bench_entry ADD PRIMARY KEY (id);
CREATE UNLOGGED TABLE bench_fresh AS SELECT id, body FROM bench_entry;
"""
_ROWS = """COPY (SELECT * FROM publication_entry WHERE indicator_id IS NOT NULL AND view_id =
(SELECT min(id) FROM publication_view WHERE audience = 'community') ORDER BY id LIMIT {count}) TO STDOUT"""


class Publisher(Measure):
    """Everything is announced in one transaction; the running publisher takes it."""

    name: ClassVar[str] = "publisher"
    order: ClassVar[int] = 130

    def run(self, world: World) -> Iterable[Row]:
        """Entries a second."""
        count = min(MOST, world.size // 2)
        world.settled()
        world.rows(_TABLES.replace("{count}", str(count)))
        rows = io.StringIO()
        with connection.cursor() as cursor:
            cursor.copy_expert(_ROWS.replace("{count}", str(count)), rows)
        lines = rows.getvalue().count("\n")

        def copied() -> float:
            rows.seek(0)
            with connection.cursor() as cursor:
                cursor.execute("TRUNCATE bench_copy")
                return lines / seconds(lambda: cursor.copy_expert("COPY bench_copy FROM STDIN", rows))

        def updated() -> float:
            return count / seconds(lambda: world.rows(_RAW))

        fresh, raw, known = medians(
            lambda: _published(world, _FORGET, count), copied, lambda: _published(world, _REFRESH, count)
        )
        yield Row(
            what="publisher, values nobody had", ours=fresh, unit="entries/s", reference=raw,
            against="COPY of the same rows, same indexes", note=f"{count} indicators announced at once",
        )  # fmt: skip
        yield Row(
            what="publisher, nothing new", ours=known, unit="entries/s", reference=raw,
            against="COPY of as many rows", note="refreshed statements whose entries stay as they are",
        )  # fmt: skip
        rate, reference = medians(lambda: _published(world, _CHANGE, count), updated)
        yield Row(
            what="publisher, new versions", ours=rate, unit="entries/s", reference=reference,
            against="UPDATE of as many bodies", note=f"{count} indicators announced at once",
        )  # fmt: skip


def _published(world: World, sql: str, count: int) -> float:
    """Entries a second from the announcement of what a statement touches to the last of them."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, [count])
        changed = {pk for (pk,) in cursor.fetchall()}
        announce({pk: ["community"] for pk in changed})
    started = time.perf_counter()
    world.settled()
    return len(changed) / (time.perf_counter() - started)


measures.register(Publisher())
