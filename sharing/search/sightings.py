"""The sightings of one value as one viewer reads them: how often, since when, by whom; and the own ones one by one.

Sums are made in the database: a sensor reports every hour for years.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import F, Max, Min, Q, Sum

from iocmarket.accounts.viewer import Viewer
from iocmarket.indicators.models import Indicator, Sighting

MINE_SHOWN = 20
"""So many of the own reports are listed, each of which can be taken back; of `seen` the newest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What one institution reports in one kind. Anonymous ones of others are one, without a name."""

    kind: Sighting.Kind
    name: str
    institution_id: UUID | None
    mine: bool
    count: int
    first: datetime
    last: datetime
    source: str
    """The latest that was given with a false positive or an end; a sensor's are its owner's affair."""


@dataclass(frozen=True, slots=True)
class Sightings:
    """All that a viewer may read of the sightings of one value."""

    heard: list[Heard]
    mine: list[Sighting]

    @property
    def counts(self) -> dict[str, int]:
        """How often, by kind; every kind is named."""
        return {kind.value: sum(x.count for x in self.heard if x.kind == kind) for kind in Sighting.Kind}

    @property
    def contested_by_us(self) -> bool:
        """Whether the own institution reports a false positive."""
        return any(row.kind == Sighting.Kind.FALSE_POSITIVE for row in self.mine)

    @property
    def seen(self) -> list[datetime]:
        """When it was last seen, by each who saw it."""
        return [heard.last for heard in self.heard if heard.kind == Sighting.Kind.SEEN]


def sightings_of(indicator: Indicator, *, viewer: Viewer) -> Sightings:
    """Those of an indicator that the caller has found visible. Two statements."""
    visible = Sighting.objects.visible_to(viewer).filter(indicator=indicator)
    told = ~Q(source="") & ~Q(kind=Sighting.Kind.SEEN)
    rows = (
        visible.order_by()
        .values("kind", "institution_id", "institution__name", "institution__public_id", "anonymous")
        .annotate(
            total=Sum("count"),
            first=Min("seen_at"),
            last=Max("seen_at"),
            sources=ArrayAgg("source", filter=told, order_by="-seen_at", default=[]),
        )
    )
    pooled: dict[tuple[str, int | None], Heard] = {}
    for row in rows:
        mine = row["institution_id"] == viewer.institution_id
        named = mine or not row["anonymous"]
        key = row["kind"], row["institution_id"] if named else None
        pooled[key] = _together(pooled.get(key), _heard(row, named=named, mine=mine))
    own = visible.filter(institution_id=viewer.institution_id)
    heard = sorted(pooled.values(), key=lambda one: (list(Sighting.Kind).index(one.kind), not one.mine, one.name))
    # What stands until it is taken back comes first: it must not be lost behind the hours of a sensor.
    return Sightings(heard, list(own.order_by(F("hour").desc(nulls_first=True), "-seen_at", "-pk")[:MINE_SHOWN]))


def _heard(row: Mapping[str, Any], *, named: bool, mine: bool) -> Heard:
    return Heard(
        kind=Sighting.Kind(row["kind"]),
        name=row["institution__name"] if named else "",
        institution_id=row["institution__public_id"] if named else None,
        mine=mine,
        count=row["total"],
        first=row["first"],
        last=row["last"],
        source=row["sources"][0] if row["sources"] else "",
    )


def _together(held: Heard | None, more: Heard) -> Heard:
    if held is None:
        return more
    newest = max((held, more), key=lambda one: (bool(one.source), one.last))
    return Heard(
        kind=held.kind,
        name=held.name,
        institution_id=held.institution_id,
        mine=held.mine,
        count=held.count + more.count,
        first=min(held.first, more.first),
        last=max(held.last, more.last),
        source=newest.source,
    )
