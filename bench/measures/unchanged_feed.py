"""A feed that did not change, asked for with its tag, against an answer without content."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import ClassVar

from bench.base import Measure, measures
from bench.client import Client, Unexpected, get, hammer
from bench.table import Row
from bench.timing import medians
from bench.world import World

DURATION = 2.0
FEEDS = ("stix", "text", "rpz", "elastic")


class UnchangedFeed(Measure):
    """304, as nearly every request of a firewall is answered."""

    name: ClassVar[str] = "unchanged-feed"
    order: ClassVar[int] = 60

    def run(self, world: World) -> Iterable[Row]:
        """Answers a second."""
        for name in FEEDS:
            ours, reference = medians(
                partial(_rate, world, f"/feeds/{name}"),
                lambda: hammer(world.trivial_port, [world.nothing], duration=DURATION).rate,
            )
            yield Row(
                what=f"unchanged {name} feed, 8 clients", ours=ours, unit="/s", reference=reference,
                against="token alone", goal="≥ 0.8", met=ours >= 0.8 * reference,
            )  # fmt: skip


def _rate(world: World, path: str) -> float:
    """Once more where the content changed meanwhile, as lists do each hour. Raises Unexpected for anything else."""
    try:
        return _asked(world, path)
    except Unexpected:
        return _asked(world, path)


def _asked(world: World, path: str) -> float:
    tag = Client(world.port).ask(get(path, world.reader.secret)).header("ETag")
    request = get(path, world.reader.secret, If_None_Match=tag)
    return hammer(world.port, [request], duration=DURATION, status=304).rate


measures.register(UnchangedFeed())
