"""A page of a thousand values, first and far down, against the same range of the index."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import orjson

from bench.base import Measure, measures
from bench.client import Client, get
from bench.table import Row
from bench.timing import medians, seconds
from bench.world import World

LIMIT = 1000
_RAW = """SELECT e.date_added, e.stix_id, i.public_id, i.type, i.value, e.tlp, e.pap, e.state, e.threat_types
FROM publication_entry e JOIN indicators_indicator i ON i.id = e.indicator_id
WHERE e.view_id = (SELECT id FROM publication_view WHERE audience = 'community' ORDER BY id LIMIT 1)
AND e.date_added < %s AND e.state IN ('live', 'expired') ORDER BY e.date_added DESC, e.stix_id DESC LIMIT 1000"""


class Listing(Measure):
    """The newest thousand, and the thousand after nine tenths of all."""

    name: ClassVar[str] = "listing"
    order: ClassVar[int] = 30

    def run(self, world: World) -> Iterable[Row]:
        """Milliseconds."""
        client, first, deep = Client(world.port), page(world, ""), page(world, deep_cursor(world))
        for request in (first, deep):
            found = len(orjson.loads(client.ask(request).body)["indicators"])
            if found < min(LIMIT, world.filled // 3):
                raise AssertionError(f"a page of {found} values")
        top = datetime.now(UTC) + timedelta(days=1)
        one, ten, raw = medians(
            lambda: 1000 * seconds(lambda: client.ask(first)),
            lambda: 1000 * seconds(lambda: client.ask(deep)),
            lambda: 1000 * seconds(lambda: world.rows(_RAW, top)),
        )
        yield Row(
            what="list, first page of 1 000", ours=one, unit="ms", reference=raw, against="the same rows by SQL",
            goal="≤ 50 ms", met=one <= 50,
        )  # fmt: skip
        yield Row(
            what="list, page of 1 000 at nine tenths", ours=ten, unit="ms", reference=one, against="first page",
            goal="≤ 1.2", met=ten <= 1.2 * one,
        )  # fmt: skip


def page(world: World, cursor: str, *, limit: int = LIMIT) -> bytes:
    """One page of the list."""
    more = f"&cursor={cursor}" if cursor else ""
    return get(f"/api/v1/indicators?limit={limit}{more}", world.reader.secret)


def deep_cursor(world: World) -> str:
    """The cursor that the list would give after nine tenths of what the community shares."""
    ((added, number),) = world.rows(
        "SELECT date_added, stix_id FROM publication_entry WHERE view_id = (SELECT id FROM publication_view"
        " WHERE audience = 'community') AND indicator_id IS NOT NULL ORDER BY date_added OFFSET %s LIMIT 1",
        max(world.filled // 10, min(LIMIT, world.filled // 2)),
    )
    return f"{(added - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)}-{number.hex}"


measures.register(Listing())
