"""One value looked up over HTTP by eight clients, against an answer that only checks the token."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from bench.base import Measure, measures
from bench.client import Load, hammer, post
from bench.table import Row
from bench.timing import RUNS, medians
from bench.world import World

DURATION = 2.0
REQUESTS = 4000


class Lookup(Measure):
    """Random values, four of five known."""

    name: ClassVar[str] = "lookup"
    order: ClassVar[int] = 10

    def run(self, world: World) -> Iterable[Row]:
        """Rate and tail."""
        requests, loads = requests_of(world), list[Load]()

        def ours() -> float:
            loads.append(hammer(world.port, requests, duration=DURATION))
            return loads[-1].rate

        def trivial() -> float:
            return hammer(world.trivial_port, [world.nothing], duration=DURATION).rate

        rate, reference = medians(ours, trivial)
        share = sorted(load.p99 / load.median for load in loads)[RUNS // 2]
        yield Row(
            what="look-up of one value, 8 clients", ours=rate, unit="/s", reference=reference,
            against="token alone", goal="≥ 0.5", met=rate >= 0.5 * reference,
        )  # fmt: skip
        yield Row(
            what="look-up of one value, p99 / median", ours=share, unit="×", goal="≤ 5", met=share <= 5,
            note=f"median {1000 * sorted(load.median for load in loads)[RUNS // 2]:.1f} ms with 8 clients at once",
        )  # fmt: skip


def requests_of(world: World) -> list[bytes]:
    """Look-ups of one value each."""
    asked = [*world.known(REQUESTS * 4 // 5), *world.fresh(REQUESTS // 5)]
    mixed = [asked[position * 7919 % len(asked)] for position in range(len(asked))]
    return [post("/api/v1/lookup", world.reader.secret, {"values": [value]}) for value in mixed]


measures.register(Lookup())
