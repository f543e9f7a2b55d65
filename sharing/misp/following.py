"""Names for what a view tells: each of its contributions becomes an attribute, in the event of its report or day.

Done when the view is read as MISP, for the entries that were published since it was read last: a view that nobody
reads in this way costs nothing. The one writer of these tables. Idempotent, so that it may be interrupted anywhere.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q

from iocmarket.database import update_many
from iocmarket.indicators.models import Contribution, Report
from iocmarket.kernel import clock
from iocmarket.publication.audiences import audiences_of, contributions_in
from iocmarket.publication.gathering import among
from iocmarket.publication.models import Entry, View
from iocmarket.publication.publisher import KEPT
from sharing.misp import numbers
from sharing.misp.models import Attribute, Event, Followed

CHUNK = 2000
"""Entries that get their names in one transaction."""
PATIENCE = 5.0
"""Seconds that one request spends on it; what is left is done by those that follow it."""
_LOCK = 0x10C_0058
_NEWER = """UPDATE misp_event AS held SET changed_at = GREATEST(held.changed_at, fresh.at)
FROM unnest(%s::bigint[], %s::timestamptz[]) AS fresh (pk, at) WHERE held.id = fresh.pk"""


class Place(NamedTuple):
    """Where an event stands: the report, or whose day."""

    report_id: int | None
    speaker: UUID | None
    day: date | None


class Said(NamedTuple):
    """A contribution, as far as its place follows from it."""

    pk: int
    indicator_id: int
    speaker: UUID
    anonymous: bool
    report_id: int | None
    created_at: datetime

    def place(self, told: Collection[int]) -> Place:
        """In the report, if that is told; anonymous ones are in none, and in nobody's day (rule 6)."""
        if self.anonymous:
            return Place(None, None, self.created_at.astimezone(UTC).date())
        if self.report_id in told:
            return Place(self.report_id, None, None)
        return Place(None, self.speaker, self.created_at.astimezone(UTC).date())


def catch_up(views: Iterable[View]) -> bool:
    """Give names to what was published in these views, within the time of a request; whether nothing is left.

    `views` with the head that they had when they were read: everything up to there is committed.
    """
    until = time.monotonic() + PATIENCE
    for view in views:
        while follow(view):
            if time.monotonic() > until:
                return False
    return True


@transaction.atomic
def follow(view: View, *, chunk: int = CHUNK) -> bool:
    """Names for the next entries of a view; whether there may be more."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK, view.pk])
    held, _made = Followed.objects.get_or_create(view=view)
    found = Entry.objects.filter(view=view, indicator__isnull=False).order_by("date_added")
    if held.upto is not None:
        found = found.filter(date_added__gt=held.upto)
    added: dict[int, datetime] = dict(found.values_list("indicator_id", "date_added")[:chunk])
    if added:
        name(view, added)
    more = len(added) == chunk
    read = [*added.values(), *([view.head] if view.head and not more else []), *([held.upto] if held.upto else [])]
    if read and held.upto != max(read):
        held.upto = max(read)
        held.save(update_fields=["upto"])
    return more


def name(view: View, added: Mapping[int, datetime]) -> None:
    """Bring the names of what the view says of these indicators up to date; the moments are those of their entries."""
    said = _said(view, added)
    told = _told(view, {one.report_id for one in said if one.report_id is not None})
    places = {one.pk: one.place(told) for one in said}
    events = _events(view, {places[one.pk]: added[one.indicator_id] for one in said})
    rows = Attribute.objects.filter(among(Attribute, "indicator", added), view=view)
    held = {row.contribution_id: row for row in rows}
    _store(view, [one for one in said if one.pk not in held], places, events)
    standing = {one.pk: events[places[one.pk]] for one in said}
    concerned = [(row.event_id, added[row.indicator_id]) for row in held.values()]
    concerned += [(standing[one.pk], added[one.indicator_id]) for one in said]
    _change(held, standing, added)
    _tell(concerned)


def _said(view: View, indicator_ids: Collection[int]) -> list[Said]:
    rows = Contribution.unscoped.filter(
        contributions_in(view.audience), among(Contribution, "indicator", indicator_ids),
        tlp__lte=view.ceiling_tlp, pap__lte=view.ceiling_pap,
    )  # fmt: skip
    columns = ("pk", "indicator_id", "institution__public_id", "anonymous", "report_id", "created_at")
    return [Said._make(row) for row in rows.order_by("indicator_id", "pk").values_list(*columns)]


def _told(view: View, report_ids: Collection[int]) -> set[int]:
    """Those of these reports that the view tells of: by their own audience and marking."""
    found = Report.objects.filter(pk__in=report_ids, tlp__lte=view.ceiling_tlp, pap__lte=view.ceiling_pap)
    return {report.pk for report in found if view.audience in audiences_of(report)} if report_ids else set()


def _events(view: View, wanted: Mapping[Place, datetime]) -> dict[Place, int]:
    """The keys of these events, made when they are missing."""
    missing = dict(wanted)
    found: dict[Place, int] = {}
    while True:
        found |= _held(view, missing)
        missing = {place: moment for place, moment in missing.items() if place not in found}
        if not missing:
            return found
        rows = [
            Event(view=view, **place._asdict(), number=numbers.draw(), changed_at=moment)
            for place, moment in missing.items()
        ]
        Event.objects.bulk_create(rows, ignore_conflicts=True)


def _held(view: View, places: Iterable[Place]) -> dict[Place, int]:
    listed = list(places)
    reports = [place.report_id for place in listed if place.report_id is not None]
    days = {place.day for place in listed if place.day is not None}
    wanted = Q(report__in=reports) | Q(report__isnull=True, day__in=days)
    rows = Event.objects.filter(wanted, view=view).values_list("pk", *Place._fields) if listed else []
    return {Place(*place): pk for pk, *place in rows}


def _store(view: View, said: Sequence[Said], places: Mapping[int, Place], events: Mapping[Place, int]) -> None:
    missing = list(said)
    while missing:
        rows = [
            Attribute(
                view=view, event_id=events[places[one.pk]], contribution_id=one.pk, indicator_id=one.indicator_id,
                number=numbers.draw(),
            )
            for one in missing
        ]  # fmt: skip
        Attribute.objects.bulk_create(rows, ignore_conflicts=True)
        stored = Attribute.objects.filter(among(Attribute, "contribution", [one.pk for one in missing]), view=view)
        known = set(stored.values_list("contribution_id", flat=True))
        missing = [one for one in missing if one.pk not in known]  # the number drawn was another's: draw again


def _change(held: Mapping[int, Attribute], standing: Mapping[int, int], added: Mapping[int, datetime]) -> None:
    """Move what stands in another event now, and note what is gone."""
    changed: list[Attribute] = []
    gone = _withdrawn([pk for pk, row in held.items() if pk not in standing and row.gone_at is None])
    for pk, row in held.items():
        before = row.event_id, row.gone_at
        if pk in standing:
            row.event_id, row.gone_at = standing[pk], None
        elif row.gone_at is None:
            row.gone_at = gone.get(pk) or added[row.indicator_id]
        if before != (row.event_id, row.gone_at):
            changed.append(row)
    update_many(changed, ["event", "gone_at"])


def _tell(concerned: Iterable[tuple[int, datetime]]) -> None:
    """Events are as new as the newest of their attributes."""
    newest: dict[int, datetime] = {}
    for pk, moment in concerned:
        newest[pk] = max(newest.get(pk, moment), moment)
    with connection.cursor() as cursor:
        cursor.execute(_NEWER, [list(newest), list(newest.values())])


def _withdrawn(contribution_ids: Sequence[int]) -> dict[int, datetime | None]:
    """When these were taken back: institutions that gained the view later are told of none of them."""
    rows = Contribution.unscoped.filter(pk__in=contribution_ids)
    return dict(rows.values_list("pk", "withdrawn_at")) if contribution_ids else {}


def forget(before: datetime | None = None) -> int:
    """Forget what was gone long ago, as the publisher forgets withdrawn entries; how many."""
    limit = before or clock.now() - KEPT
    return Attribute.objects.filter(gone_at__lt=limit).delete()[0]
