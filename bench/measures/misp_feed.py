"""MISP's feed: its files are written while they are sent, from names that were given when it was first read."""

from __future__ import annotations

import time
from collections.abc import Iterable
from functools import partial
from typing import ClassVar

from bench.base import Measure, measures
from bench.client import Client, get
from bench.measures.full_feed import after_a_change
from bench.table import Row
from bench.timing import RUNS, medians, seconds
from bench.world import World

FILES = ("manifest.json", "hashes.csv")
PATIENCE = 3600.0
"""Seconds until all of a million has its names."""


class MispFeed(Measure):
    """`/feeds/misp/manifest.json` and `hashes.csv`."""

    name: ClassVar[str] = "misp-feed"
    order: ClassVar[int] = 116

    def run(self, world: World) -> Iterable[Row]:
        """Seconds for the first reader of all, for later ones, and after one change."""
        client = Client(world.port)
        asked = {name: get(f"/feeds/misp/{name}", world.reader.secret) for name in FILES}
        named = seconds(lambda: world.until(lambda: _ready(client, asked[FILES[0]]), PATIENCE, "all has its names"))
        yield Row(what="misp feed, all named for the first reader", ours=named, unit="s")
        for name, request in asked.items():
            answer = client.ask(request)
            (taken,) = medians(partial(seconds, partial(client.ask, request)), runs=min(RUNS, 3))
            changed = after_a_change(world, partial(_told, client, request))
            note = f"{len(answer.body) / 1e6:.1f} MB, written while it is sent"
            yield Row(what=f"misp feed, {name}", ours=taken, unit="s", note=note)
            yield Row(what=f"misp feed, {name} after one change", ours=changed, unit="s")


def _ready(client: Client, request: bytes) -> bool:
    """Whether the feed is there: it says 503 until all of it has its names."""
    try:
        client.ask(request)
    except AssertionError:
        time.sleep(0.1)
        return False
    return True


def _told(client: Client, request: bytes) -> str:
    """Asks again while the new value gets its names."""
    while not _ready(client, request):
        pass
    return client.ask(request).header("ETag")


measures.register(MispFeed())
