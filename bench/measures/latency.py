"""From sending one value to seeing it over TAXII, as a client that polls sees it."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import ClassVar

from bench.base import Measure, measures
from bench.client import Client, get, post
from bench.measures.taxii_pull import ACCEPT
from bench.table import Row
from bench.timing import quantile
from bench.world import World
from iocmarket.kernel.clock import stamp
from iocmarket.publication.models import View

COUNT = 40
GIVE_UP = 60.0


class Latency(Measure):
    """Forty values, one after the other."""

    name: ClassVar[str] = "latency"
    order: ClassVar[int] = 120

    def run(self, world: World) -> Iterable[Row]:
        """Seconds."""
        taken = [self._one(world, value) for value in world.fresh(COUNT)]
        middle, tail = quantile(taken, 0.5), quantile(taken, 0.95)
        yield Row(
            what="submitted → visible over TAXII, p95", ours=tail, unit="s", goal="≤ 2 s", met=tail <= 2,
            note=f"median {middle:.3f} s of {COUNT}; includes the two requests and up to 10 ms between two polls",
        )  # fmt: skip

    @staticmethod
    def _one(world: World, value: str) -> float:
        client, view = Client(world.port), View.objects.filter(audience="community").earliest("pk")
        if view.head is None:
            raise AssertionError("an empty view")
        path = f"/taxii2/api/collections/{view.public_id}/objects/?added_after={stamp(view.head)}"
        poll = get(path, world.reader.secret, Accept=ACCEPT)
        told = post("/api/v1/submissions", world.writers[0].secret, {"indicators": [value]})
        started = time.perf_counter()
        client.ask(told, status=201)
        while value.encode() not in client.ask(poll).body:
            if time.perf_counter() - started > GIVE_UP:
                raise TimeoutError(f"not visible after {GIVE_UP:.0f} s")
            time.sleep(0.01)
        client.close()
        return time.perf_counter() - started


measures.register(Latency())
