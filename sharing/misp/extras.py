"""What an attribute tells beside itself, when a client asks for it: its event, sightings, decay, warning lists."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from iocmarket.indicators import guard
from iocmarket.indicators.assets import guarding
from iocmarket.indicators.models import Sighting
from iocmarket.publication.gathering import among
from sharing.misp.models import Event
from sharing.misp.numbers import number_of
from sharing.misp.reach import Reach
from sharing.misp.shapes import (
    Head,
    Json,
    Met,
    Statement,
    attribute,
    event_beside,
    event_in_context,
    labels,
    sighting,
    tag,
)
from sharing.misp.telling import Sum, community, heads_of, org_of, sums_of

_MODEL = {"id": "1", "name": "IOC market", "description": "Score by confidence, corroboration and age"}
SIGHTINGS_TOLD = 100
"""Of each value the newest; a sensor reports every hour for years."""
_IN_CONTEXT = frozenset({"includeContext", "includeEventTags"})


@dataclass(frozen=True)
class Page:
    """Some statements of a viewer, as attributes; `flags` are those of the question that are set."""

    reach: Reach
    statements: Sequence[Statement]
    flags: frozenset[str]
    beside: bool = True
    """Whether each names its event: not within one."""

    def attributes(self) -> list[Json]:
        """All of them, in their order."""
        return [attribute(said) | self._more(said) for said in self.statements]

    def _more(self, said: Statement) -> Json:
        more: Json = {}
        if self.beside:
            more["Event"] = self._event(said.head)
        if "includeEventUuid" in self.flags:
            more["event_uuid"] = str(said.head.shown.uuid)
        if "includeEventTags" in self.flags and (marked := self._marked(said.head)):
            own = attribute(said)["Tag"]
            names = {one["name"] for one in own}
            inherited = [{**tag(name), "inherited": 1} for name in labels(marked.marking) if name not in names]
            more["Tag"] = [*own, *inherited]
        if "includeDecayScore" in self.flags:
            more["decay_score"] = [_decay(said)]
        if "includeSightings" in self.flags:
            met = self._sightings.get(said.indicator_id, []) if not said.gone else []
            more["Sighting"] = [sighting(met_of(row, said, self.reach)) for row in met]
        if "includeWarninglistHits" in self.flags and (hits := self._hits(said)):
            more["warnings"] = hits
        return more

    def _event(self, head: Head) -> Json:
        if "includeContext" in self.flags and (marked := self._marked(head)):
            return event_in_context(marked, count=self._counts[head.number])
        return event_beside(head)

    def _marked(self, head: Head) -> Head | None:
        """The event with its labels, which are summed up where they are asked for; None where it says nothing."""
        return self._heads.get(head.number)

    @cached_property
    def _sums(self) -> dict[int, Sum]:
        numbers = {said.head.number for said in self.statements}
        pks = Event.objects.filter(number__in=numbers).values_list("pk", flat=True)
        return sums_of(self.reach, list(pks))

    @cached_property
    def _heads(self) -> dict[int, Head]:
        if not self.flags & _IN_CONTEXT:
            return {}
        return {head.number: head for head in heads_of(self.reach, list(self._sums), sums=self._sums).values()}

    @cached_property
    def _counts(self) -> dict[int, int]:
        heads = heads_of(self.reach, list(self._sums), sums=self._sums)
        return {head.number: self._sums[pk].attributes for pk, head in heads.items()}

    @cached_property
    def _sightings(self) -> dict[int, list[Sighting]]:
        return sightings_by_value(self.reach, {said.indicator_id for said in self.statements})

    def _hits(self, said: Statement) -> list[Json]:
        subject = guard.subject_of(said.type, said.value, subtree=False)
        return [
            {"id": str(number_of(hit.name)), "name": str(hit.label), "matched": said.value}
            for hit in self._lists.hits(subject)
        ]

    @cached_property
    def _lists(self) -> Any:
        return guarding().lists


def sightings_by_value(reach: Reach, indicator_ids: set[int]) -> dict[int, list[Sighting]]:
    """What the viewer may read of what was met of these values, which he sees; the newest first."""
    rows = Sighting.objects.visible_to(reach.viewer).filter(among(Sighting, "indicator", indicator_ids))
    found: dict[int, list[Sighting]] = defaultdict(list)
    for row in rows.select_related("institution").order_by("-seen_at", "-pk") if indicator_ids else ():
        if len(found[row.indicator_id]) < SIGHTINGS_TOLD:
            found[row.indicator_id].append(row)
    return found


def met_of(row: Sighting, said: Statement, reach: Reach) -> Met:
    """A sighting of an attribute. Anonymous ones of others are the community's, and their source is theirs."""
    mine = row.institution_id == reach.viewer.institution_id
    pooled = row.anonymous and not mine
    return Met(
        number=number_of(row.public_id), uuid=row.public_id, attribute_number=said.shown.number,
        event_number=said.head.shown.number, seen_at=row.seen_at, kind=row.kind, source="" if pooled else row.source,
        org=community() if pooled else org_of(row.institution),
    )  # fmt: skip


def _decay(said: Statement) -> Json:
    """`decayed` tells clients to let go: what is gone, expired, contested or too old."""
    return {
        "score": round(said.score, 2),
        "base_score": round(said.score, 2),
        "decayed": not said.live,
        "DecayingModel": _MODEL,
    }
