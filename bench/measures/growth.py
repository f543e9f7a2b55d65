"""What a look-up and a page cost at a tenth of the size and at all of it: they should not know."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from bench.base import Measure, measures
from bench.client import Client
from bench.measures.listing import deep_cursor, page
from bench.measures.lookup import requests_of
from bench.table import Row
from bench.timing import medians, seconds
from bench.world import World

RUNS = 7
LOOKUPS = 100


class Growth(Measure):
    """The same requests twice."""

    name: ClassVar[str] = "growth"
    order: ClassVar[int] = 15

    def __init__(self) -> None:
        self._small: list[float] = []

    def at_a_tenth(self, world: World) -> None:
        """The first time."""
        self._small = _taken(world)

    def run(self, world: World) -> Iterable[Row]:
        """The second time, against the first."""
        names = ("look-up of one value", "list, first page", "list, page at nine tenths")
        for name, small, large in zip(names, self._small, _taken(world), strict=True):
            yield Row(
                what=f"growth: {name}", ours=large, unit="ms", reference=small, against="a tenth of the size",
                goal="≤ 1.25", met=large <= 1.25 * small,
            )  # fmt: skip


def _taken(world: World) -> list[float]:
    """Milliseconds of one look-up, one first and one late page, for one client."""
    client, lookups = Client(world.port), requests_of(world)[:LOOKUPS]
    # A page that is full at both sizes, so that both times the same work is done.
    limit = max(10, min(1000, world.size // 100))
    first, late = page(world, "", limit=limit), page(world, deep_cursor(world), limit=limit)

    def one_lookup() -> float:
        return 1000 * seconds(lambda: [client.ask(request) for request in lookups]) / LOOKUPS

    found = medians(
        one_lookup,
        lambda: 1000 * seconds(lambda: client.ask(first)),
        lambda: 1000 * seconds(lambda: client.ask(late)),
        runs=RUNS,
    )
    client.close()
    return found


measures.register(Growth())
