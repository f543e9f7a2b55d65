"""New versions that the publisher writes, against the same columns written by COPY and one UPDATE."""

from __future__ import annotations

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
_CHANGE = """UPDATE indicators_contribution SET confidence = CASE confidence WHEN 100 THEN 40 ELSE confidence + 1 END
WHERE audience = 'community' AND indicator_id IN (SELECT id FROM indicators_indicator ORDER BY id LIMIT %s)
RETURNING indicator_id"""
_RAW = """UPDATE bench_entry AS held SET body = fresh.body, date_added = now()
FROM bench_fresh AS fresh WHERE held.id = fresh.id"""
_TABLES = """
DROP TABLE IF EXISTS bench_entry, bench_fresh;
CREATE TABLE bench_entry AS SELECT e.id, e.body, e.date_added FROM publication_entry e ORDER BY id LIMIT {count};
ALTER TABLE bench_entry ADD PRIMARY KEY (id);
CREATE UNLOGGED TABLE bench_fresh AS SELECT id, body FROM bench_entry;
"""


class Publisher(Measure):
    """Every statement changes its confidence, and all are announced in one transaction."""

    name: ClassVar[str] = "publisher"
    order: ClassVar[int] = 130

    def run(self, world: World) -> Iterable[Row]:
        """Entries a second."""
        count = min(MOST, world.size // 2)
        world.settled()
        world.rows(_TABLES.replace("{count}", str(count)))

        def ours() -> float:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(_CHANGE, [count])
                changed = {pk for (pk,) in cursor.fetchall()}
                announce({pk: ["community"] for pk in changed})
            started = time.perf_counter()
            world.settled()
            return len(changed) / (time.perf_counter() - started)

        def raw() -> float:
            return count / seconds(lambda: world.rows(_RAW))

        rate, reference = medians(ours, raw)
        yield Row(
            what="publisher, new versions", ours=rate, unit="entries/s", reference=reference,
            against="UPDATE of as many bodies", note=f"{count} indicators announced at once",
        )  # fmt: skip


measures.register(Publisher())
