"""Ten thousand values looked up at once, against the bare index."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import orjson

from bench.base import Measure, measures
from bench.client import Client, post
from bench.table import Row
from bench.timing import medians, seconds
from bench.world import World
from iocmarket.indicators.recognise import recognise
from iocmarket.kernel.ids import digest_of

COUNT = 10_000


class BulkLookup(Measure):
    """Half known, half unknown."""

    name: ClassVar[str] = "bulk-lookup"
    order: ClassVar[int] = 20

    def run(self, world: World) -> Iterable[Row]:
        """Seconds for all."""
        asked = [*world.known(COUNT // 2), *world.fresh(COUNT // 2)]
        request = post("/api/v1/lookup", world.reader.secret, {"values": asked})
        read = [recognise(value) for value in asked]
        digests = [digest_of(found.type.name, found.canonical.value) for found in read]
        client = Client(world.port)
        answered = orjson.loads(client.ask(request).body)["results"]
        known = sum(result["known"] for result in answered)
        if len(answered) != COUNT or not 0 < known <= COUNT:
            raise AssertionError(f"{len(answered)} answers, {known} known")

        def raw() -> float:
            sql = "SELECT id, type FROM indicators_indicator WHERE digest = ANY(%s)"
            return seconds(lambda: world.rows(sql, digests))

        ours, reference = medians(lambda: seconds(lambda: client.ask(request)), raw)
        yield Row(
            what="look-up of 10 000 values", ours=ours, unit="s", reference=reference, against="index alone",
            goal="≤ 1.5 s", met=ours <= 1.5, note=f"{known} of them known to the reader",
        )  # fmt: skip


measures.register(BulkLookup())
