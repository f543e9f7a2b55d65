"""What an indicator takes on disk, indexes included, just after filling."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from bench.base import Measure, measures
from bench.table import Row
from bench.world import World

_TABLES = ("indicators_indicator", "indicators_contribution", "publication_entry")


class Storage(Measure):
    """Table by table."""

    name: ClassVar[str] = "storage"
    order: ClassVar[int] = 5

    def run(self, world: World) -> Iterable[Row]:
        """Bytes."""
        sizes = {name: self._size(world, name) for name in _TABLES}
        ((indicators, contributions, entries),) = world.rows(
            "SELECT (SELECT count(*) FROM indicators_indicator), (SELECT count(*) FROM indicators_contribution),"
            " (SELECT count(*) FROM publication_entry WHERE indicator_id IS NOT NULL)"
        )
        per_entry = sizes["publication_entry"] / entries
        one = sizes["indicators_indicator"] / indicators + sizes["indicators_contribution"] / contributions + per_entry
        yield Row(
            what="storage, one statement in one view", ours=one, unit="B", goal="≤ 3 000 B", met=one <= 3000,
            note=f"{contributions} statements and {entries} entries of {indicators} indicators",
        )  # fmt: skip
        yield Row(what="storage, each further view", ours=per_entry, unit="B", goal="≤ 1 500 B", met=per_entry <= 1500)

    @staticmethod
    def _size(world: World, name: str) -> int:
        ((found,),) = world.rows("SELECT pg_total_relation_size(%s::regclass)", name)
        return int(found)


measures.register(Storage())
