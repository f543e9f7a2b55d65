"""The blocking list of domains and addresses, built: what the first consumer after a change waits for."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import ClassVar

from bench.base import Measure, measures
from bench.client import Client, get
from bench.table import Row
from bench.timing import RUNS, medians, seconds
from bench.world import World

_RAW = """SELECT i.value FROM publication_entry e JOIN indicators_indicator i ON i.id = e.indicator_id
WHERE e.view_id = (SELECT id FROM publication_view WHERE audience = 'community') AND e.state = 'live' AND e.pap <= 1"""


class LineFeed(Measure):
    """`/feeds/rpz` and `/feeds/text`."""

    name: ClassVar[str] = "line-feed"
    order: ClassVar[int] = 70

    def run(self, world: World) -> Iterable[Row]:
        """Lines a second."""
        runs = RUNS if world.size <= 100_000 else min(RUNS, 3)
        client = Client(world.port)
        for name in ("text", "rpz"):
            request = get(f"/feeds/{name}", world.reader.secret)
            answer = client.ask(request)
            ours, raw = medians(
                partial(self._built, world, client, request), lambda: seconds(lambda: world.rows(_RAW)), runs=runs
            )
            note = f"{answer.header('X-IOC-Count')} lines, {answer.header('X-IOC-Skipped')} left out; medians of {runs}"
            yield Row(
                what=f"{name} feed, built", ours=ours, unit="s", reference=raw, against="live values by SQL", note=note
            )

    @staticmethod
    def _built(world: World, client: Client, request: bytes) -> float:
        """Nothing is remembered of any feed: it is built, whatever was asked for before."""
        world.rows("DELETE FROM feeds_feedstate")
        return seconds(lambda: client.ask(request))


measures.register(LineFeed())
