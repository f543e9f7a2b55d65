"""A client that has everything and asks again, as most requests of a day do, against an answer without content."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from bench.base import Measure, measures
from bench.client import Client, Unexpected, get, hammer
from bench.measures.taxii_pull import ACCEPT
from bench.table import Row
from bench.timing import medians
from bench.world import World
from iocmarket.kernel.clock import stamp
from iocmarket.publication.models import View

DURATION = 2.0


class TaxiiPoll(Measure):
    """`added_after` the last object."""

    name: ClassVar[str] = "taxii-poll"
    order: ClassVar[int] = 50

    def run(self, world: World) -> Iterable[Row]:
        """Polls a second."""
        view = View.objects.filter(audience="community").earliest("pk")
        if view.head is None:
            raise AssertionError("an empty view")
        path = f"/taxii2/api/collections/{view.public_id}/objects/?added_after={stamp(view.head)}"
        request = get(path, world.reader.secret, Accept=ACCEPT)
        if (body := Client(world.port).ask(request).body) != b'{"more":false}':
            raise Unexpected(f"there is something new: {body[:200]!r}")
        ours, reference = medians(
            lambda: hammer(world.port, [request], duration=DURATION).rate,
            lambda: hammer(world.trivial_port, [world.nothing], duration=DURATION).rate,
        )
        yield Row(
            what="TAXII, nothing new, 8 clients", ours=ours, unit="/s", reference=reference, against="token alone"
        )


measures.register(TaxiiPoll())
