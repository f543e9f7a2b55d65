"""The full STIX feed: warm and after one change, against the same file sent by the kernel."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import ClassVar

from bench.base import Measure, measures
from bench.client import Client, get, post
from bench.measures.taxii_pull import sent
from bench.table import Row
from bench.timing import RUNS, medians, seconds
from bench.world import World

MANY = 100_000


class StixFeed(Measure):
    """What a client that speaks no TAXII pulls."""

    name: ClassVar[str] = "stix-feed"
    order: ClassVar[int] = 110

    def run(self, world: World) -> Iterable[Row]:
        """Throughput warm, seconds after a change."""
        runs = RUNS if world.size <= MANY else min(RUNS, 3)
        request, client = get("/feeds/stix", world.reader.secret), Client(world.port)
        answer = client.ask(request)
        megabytes, whole = len(answer.body) / 1e6, world.folder / "feed"
        whole.write_bytes(answer.body)
        warm, file = medians(
            lambda: megabytes / seconds(lambda: client.drain(request)),
            lambda: megabytes / seconds(lambda: sent(whole)),
            runs=runs,
        )
        (changed,) = medians(lambda: self._after_a_change(world, client, request), runs=runs)
        note = f"{answer.header('X-IOC-Count')} objects, {megabytes:.1f} MB; medians of {runs}"
        yield Row(
            what="full STIX feed, warm", ours=warm, unit="MB/s", reference=file, against="the same file sent",
            goal="≥ 0.5", met=warm >= 0.5 * file, note=note,
        )  # fmt: skip
        goal = 2.0 if world.size <= MANY else 20.0
        yield Row(
            what="full STIX feed, after one change", ours=changed, unit="s", goal=f"≤ {goal:.0f} s", met=changed <= goal
        )

    @staticmethod
    def _after_a_change(world: World, client: Client, request: bytes) -> float:
        before = client.ask(request).header("ETag")
        told = post("/api/v1/submissions", world.writers[0].secret, {"indicators": world.fresh(1)})
        client.ask(told, status=201)
        world.settled()
        started = time.perf_counter()
        after = client.ask(request).header("ETag")
        took = time.perf_counter() - started
        if after == before:
            raise AssertionError("the feed did not change")
        return took


measures.register(StixFeed())
