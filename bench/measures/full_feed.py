"""Full feeds: warm, in zstd and after one change, against the same bytes as a file that the same server sends."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from bench.base import Measure, measures
from bench.client import Client, Unexpected, get, post
from bench.measures.taxii_pull import sent
from bench.table import Row
from bench.timing import RUNS, medians, seconds
from bench.trivial import FILE
from bench.world import World

MANY = 100_000
FEEDS = ("text", "rpz", "csv", "elastic", "stix")
_LINES = 20.0
"""Seconds that a list of a million may take after one change, as a bundle may (2 at a hundred thousand)."""


class FullFeed(Measure):
    """What a client pulls that speaks no TAXII, or what devices load."""

    def __init__(self, feed: str, order: int) -> None:
        self.name, self.order = f"feed-{feed}", order  # type: ignore[misc]
        self._feed = feed

    def run(self, world: World) -> Iterable[Row]:
        """Throughput warm, as it is and in zstd; seconds after a change."""
        return _rows(world, self._feed, RUNS if world.size <= MANY else min(RUNS, 3))


def _rows(world: World, name: str, runs: int) -> Iterator[Row]:
    path = f"/feeds/{name}"
    request, zstd = get(path, world.reader.secret), get(path, world.reader.secret, Accept_Encoding="zstd")
    client, other, whole = Client(world.port), Client(world.trivial_port), world.folder / FILE
    world.rows("DELETE FROM feeds_feedstate")
    world.rows("DELETE FROM feeds_viewfiles")
    started = time.perf_counter()
    answer = client.ask(request)
    made = time.perf_counter() - started
    megabytes = len(answer.body) / 1e6
    whole.write_bytes(answer.body)
    packed = client.drain(zstd)  # written when it is first asked for
    warm, coded, file, kernel = medians(
        lambda: megabytes / seconds(lambda: client.drain(request)),
        lambda: megabytes / seconds(lambda: client.drain(zstd)),
        lambda: megabytes / seconds(lambda: other.drain(get("/file", world.reader.secret))),
        lambda: megabytes / seconds(lambda: sent(whole)),
        runs=runs,
    )
    (changed,) = medians(lambda: after_a_change(world, partial(_tag, client, request)), runs=min(runs, 3))
    yield Row(
        what=f"full {name} feed, warm", ours=warm, unit="MB/s", reference=file, against="the same file, same server",
        goal="≥ 0.5", met=warm >= 0.5 * file,
        note=f"{answer.header('X-IOC-Count')} told, {megabytes:.1f} MB, in zstd {packed / 1e6:.1f}; sent by the kernel "
        f"alone {kernel:.0f} MB/s; medians of {runs}",
    )  # fmt: skip
    yield Row(
        what=f"full {name} feed, warm, in zstd", ours=coded, unit="MB/s", reference=file,
        against="the same file, same server",
    )  # fmt: skip
    goal = 2.0 if world.size <= MANY else _LINES
    yield Row(
        what=f"full {name} feed, after one change", ours=changed, unit="s", reference=made, against="built anew",
        goal=f"≤ {goal:.0f} s", met=changed <= goal,
    )  # fmt: skip


def _tag(client: Client, request: bytes) -> str:
    return client.ask(request).header("ETag")


def after_a_change(world: World, tag: Callable[[], str]) -> float:
    """Seconds for the next answer once something was shared and published. Raises Unexpected for the same tag."""
    before = tag()
    told = post("/api/v1/submissions", world.writers[0].secret, {"indicators": [world.fresh_of("domain")]})
    Client(world.port).ask(told, status=201)
    world.settled()
    started = time.perf_counter()
    after = tag()
    took = time.perf_counter() - started
    if after == before:
        raise Unexpected("the feed did not change")
    return took


for _order, _feed in enumerate(FEEDS):
    measures.register(FullFeed(_feed, 110 + _order))
