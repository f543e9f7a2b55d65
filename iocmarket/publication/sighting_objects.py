"""Sightings as STIX objects: for each value and view, how often it was seen by whom the view has heard of (ADR 0033).

One object tells all `seen` reports of a view together. It names nobody: who reported may be anonymous, and a list of
places with one missing would tell of it (domain.md, rule 6).
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Max, Min, Sum

from iocmarket.indicators.models import Sighting
from iocmarket.kernel.clock import stamp
from iocmarket.kernel.marking import PAP, TLP, Marking
from iocmarket.publication.audiences import contributions_in
from iocmarket.publication.beside import Beside, Writer
from iocmarket.publication.entries import creator
from iocmarket.publication.gathering import IN_VIEW, among
from iocmarket.publication.models import Entry, View
from iocmarket.publication.rendering import LABEL_WITHDRAWN
from iocmarket.publication.standard_objects import marking_refs

COUNT_MAX = 999_999_999
"""STIX 2.1 section 5.2."""


class _Seen(NamedTuple):
    """All `seen` reports of one value in a view."""

    times: int
    first: datetime
    last: datetime
    tlp: int
    pap: int


def publish_sightings(view: View, indicator_ids: Collection[int]) -> int:
    """Bring the sighting objects of these indicators in a view up to date; the number of versions. Idempotent.

    The entries of the indicators were written before. Two statements where nothing was ever seen.
    """
    seen = _seen(view, indicator_ids)
    held = _held(view, indicator_ids)
    if not seen and not held:
        return 0
    entries = _entries(view, [*seen, *held])
    writer = Writer(view, "sighting")
    for pk in sorted({*seen, *held}):
        number, spoken = entries.get(pk, (None, False))
        if number is None:
            continue
        if spoken and pk in seen:
            marking = Marking(TLP(seen[pk].tlp), PAP(seen[pk].pap))
            writer.tell(held.get(pk), _content(seen[pk], number, marking), marking, sighted_id=pk)
        elif pk in held:
            marking = Marking(TLP(held[pk].tlp), PAP(held[pk].pap))
            writer.withdraw(held[pk], _common(number, marking, LABEL_WITHDRAWN), marking)
    return writer.write()


def _seen(view: View, indicator_ids: Collection[int]) -> dict[int, _Seen]:
    rows = Sighting.unscoped.filter(
        contributions_in(view.audience),
        among(Sighting, "indicator", indicator_ids),
        kind=Sighting.Kind.SEEN,
        tlp__lte=view.ceiling_tlp,
        pap__lte=view.ceiling_pap,
    )
    together = {
        "times": Sum("count"),
        "first": Min("seen_at"),
        "last": Max("seen_at"),
        "t": Max("tlp"),
        "p": Max("pap"),
    }
    told = rows.order_by().values_list("indicator_id").annotate(**together)
    return {row[0]: _Seen._make(row[1:]) for row in told}


def _held(view: View, indicator_ids: Collection[int]) -> dict[int, Beside]:
    rows = Entry.objects.alias(place=IN_VIEW).filter(among(Entry, "sighted", indicator_ids), place=view.pk)
    columns = ("pk", "sighted_id", "stix_id", "first_added", "digest", "state", "tlp", "pap")
    return {row[1]: Beside._make(row) for row in rows.values_list(*columns)}


def _entries(view: View, indicator_ids: Collection[int]) -> dict[int, tuple[UUID, bool]]:
    """The entries of the values, and whether they say anything."""
    rows = Entry.objects.alias(place=IN_VIEW).filter(among(Entry, "indicator", indicator_ids), place=view.pk)
    return {
        pk: (number, state != Entry.State.WITHDRAWN)
        for pk, number, state in rows.values_list("indicator_id", "stix_id", "state")
    }


def _content(seen: _Seen, number: UUID, marking: Marking) -> dict[str, Any]:
    return {
        "first_seen": stamp(seen.first),
        "last_seen": stamp(seen.last),
        "count": min(seen.times, COUNT_MAX),
        **_common(number, marking, f"PAP:{marking.pap.label}"),
    }


def _common(number: UUID, marking: Marking, label: str) -> dict[str, Any]:
    return {
        "created_by_ref": creator(),
        "labels": [label],
        "sighting_of_ref": f"indicator--{number}",
        "object_marking_refs": marking_refs(marking),
    }
