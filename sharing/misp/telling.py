"""From stored names to what a viewer is told: statements with their events, and events with what they sum up to.

Nothing is told that `visible_to` does not bring; of what is gone from a view, the value alone, with `to_ids` false.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Max, Q, QuerySet

from iocmarket.accounts.models import Institution
from iocmarket.indicators.models import Contribution, Report
from iocmarket.indicators.visibility import told_q
from iocmarket.kernel.marking import PAP, TLP, Marking
from iocmarket.publication.gathering import among
from iocmarket.publication.standard_objects import community_identity_id
from sharing.misp.deciding import DETECTING, Value, gained, values_of
from sharing.misp.models import Attribute, Event, Moved
from sharing.misp.own_names import names_of_attributes, names_of_events
from sharing.misp.reach import Reach, Shown
from sharing.misp.shapes import COMMUNITY, GROUP, OWN, Group, Head, Org, Statement
from sharing.misp.types import written

GONE = "Withdrawn by those who shared it"
_CLEAR = Marking(TLP.CLEAR, PAP.CLEAR)


class Sum(NamedTuple):
    """What the attributes of an event come to."""

    attributes: int
    live: int
    marking: Marking


def told_attributes(reach: Reach) -> QuerySet[Attribute]:
    """The names of what the viewer's views say, and of what they said since the viewer reads them."""
    gone = Q()
    for shown in reach.shown:
        if shown.since is not None:
            gone |= Q(view=shown.pk, gone_at__gte=shown.since)
    standing = Q(gone_at__isnull=True, contribution__in=Contribution.objects.visible_to(reach.viewer))
    told = standing | gone if gone else standing
    return Attribute.objects.filter(told, view__in=[shown.pk for shown in reach.shown])


def statements_of(reach: Reach, indicator_ids: Collection[int]) -> list[Statement]:
    """All statements on these values, in the order of the values, each value's by their numbers."""
    values = values_of(reach, indicator_ids)
    rows = told_attributes(reach).filter(among(Attribute, "indicator", list(values)))
    held: dict[int, list[Attribute]] = {pk: [] for pk in indicator_ids if pk in values}
    for row in rows.order_by("number") if values else ():
        held[row.indicator_id].append(row)
    return _statements(reach, [row for pk in held for row in held[pk]], values)


def statements_at(reach: Reach, rows: Sequence[Attribute]) -> list[Statement]:
    """The statements of these names, in their order."""
    return _statements(reach, rows, values_of(reach, {row.indicator_id for row in rows}))


def _statements(reach: Reach, rows: Sequence[Attribute], values: Mapping[int, Value]) -> list[Statement]:
    standing = [row.contribution_id for row in rows if row.gone_at is None]
    visible = Contribution.objects.visible_to(reach.viewer).filter(among(Contribution, "id", standing))
    said = visible.in_bulk() if standing else {}
    heads = heads_of(reach, {row.event_id for row in rows})
    names = names_of_attributes(reach.viewer, standing)
    detecting = reach.viewer.tool == DETECTING
    found = []
    for row in rows:
        value = values.get(row.indicator_id)
        if value is None or row.view_id not in value.places:
            continue
        if row.gone_at is not None:
            found.append(_gone(row, value, heads[row.event_id]))
        elif row.contribution_id in said:
            head = heads[row.event_id]
            told = _standing(row, said[row.contribution_id], value, head, detecting=detecting)
            found.append(replace(told, own=names.get(row.contribution_id)))
    return found


def _standing(row: Attribute, said: Contribution, value: Value, head: Head, *, detecting: bool) -> Statement:
    return Statement(
        number=row.number, uuid=row.uuid, head=head, type=value.type, value=value.value,
        written=written(value.type, value.value, threat_type=said.threat_type, subtree=said.subtree),
        timestamp=int(value.stamp.timestamp()), to_ids=value.detected if detecting else value.blocked,
        blockable=value.blocked, detected=value.detected, subtree=value.subtree, live=value.live,
        score=value.score, indicator_id=row.indicator_id,
        marking=Marking(TLP(said.tlp), PAP(said.pap)), comment=said.comment, threat_type=said.threat_type,
        tags=said.tags, first_seen=said.first_seen, last_seen=said.last_seen,
    )  # fmt: skip


def _gone(row: Attribute, value: Value, head: Head) -> Statement:
    told = value.places[row.view_id]
    return Statement(
        number=row.number, uuid=row.uuid, head=without_story(head), type=value.type, value=value.value,
        written=written(value.type, value.value, threat_type="", subtree=value.subtree),
        timestamp=int(value.stamp.timestamp()), to_ids=False, blockable=False, live=False, gone=True, score=0.0,
        indicator_id=row.indicator_id, marking=Marking(TLP(told.tlp), PAP(told.pap)),
    )  # fmt: skip


def heads_of(reach: Reach, event_ids: Collection[int], *, sums: Mapping[int, Sum] | None = None) -> dict[int, Head]:
    """These events, by key; with `sums` also what their attributes come to."""
    rows = Event.objects.filter(pk__in=event_ids).select_related("report__institution")
    events = list(rows) if event_ids else []
    told = _told_reports(reach, {row.report_id for row in events if row.report_id is not None})
    names = _names({row.speaker for row in events if row.speaker is not None})
    own = names_of_events(reach.viewer, told)
    moved = moved_events(reach, event_ids)
    found = {}
    for row in events:
        if (shown := reach.by_pk.get(row.view_id)) is None:
            continue
        total = sums.get(row.pk) if sums is not None else None
        head = _head(row, shown, names, told, _CLEAR if total is None else total.marking)
        head = replace(head, own=own.get(row.report_id))
        if (moment := moved.get(row.pk)) is not None:
            head = head.at(max(head.timestamp, int(moment.timestamp())))
        found[row.pk] = without_story(head) if total is not None and not total.live else head
    return found


def moved_events(reach: Reach, event_ids: Collection[int]) -> dict[int, datetime]:
    """When a value of these events moved last for which nothing was published (moved.py)."""
    if reach.moving is None or not event_ids:
        return {}
    rows = Moved.objects.filter(exit=reach.moving, indicator__misp_names__event__in=event_ids)
    found = rows.values("indicator__misp_names__event").annotate(last=Max("moved_at")).order_by()
    return dict(found.values_list("indicator__misp_names__event", "last"))


def _head(row: Event, shown: Shown, names: Mapping[UUID, Org], told: Collection[int], marking: Marking) -> Head:
    info, day, org = _story(row, names, told)
    if row.report_id in told and row.report is not None:
        marking = Marking(max(marking.tlp, TLP(row.report.tlp)), max(marking.pap, PAP(row.report.pap)))
    distribution, group = where(shown)
    return Head(
        number=row.number, uuid=row.uuid, info=info, day=day, org=org, marking=marking, distribution=distribution,
        group=group, finished=row.report_id is not None,
        timestamp=int(max(row.changed_at, gained(shown)).timestamp()),
    )  # fmt: skip


def _story(row: Event, names: Mapping[UUID, Org], told: Collection[int]) -> tuple[str, date, Org]:
    if row.report is not None:
        day = row.report.created_at.astimezone(UTC).date()
        if row.report_id not in told:
            return GONE, day, community()
        return row.report.title, day, org_of(row.report.institution)
    day = row.day or datetime.now(UTC).date()
    org = community() if row.speaker is None else names.get(row.speaker, community())
    who = "members of the community" if org == community() else org.name
    return f"Indicators shared by {who} on {day.isoformat()}", day, org


def without_story(head: Head) -> Head:
    """The same name for an event of which nothing may be said any more."""
    return Head(
        number=head.number, uuid=head.uuid, info=GONE, day=head.day, timestamp=head.timestamp, marking=head.marking,
        org=community(), distribution=head.distribution, group=head.group, own=head.own,
    )  # fmt: skip


def where(shown: Shown) -> tuple[str, Group | None]:
    """The distribution of what a view tells."""
    if shown.circle_id is not None:
        return GROUP, Group(UUID(shown.circle_public_id), shown.circle)
    return (COMMUNITY if shown.audience == "community" else OWN), None


def sums_of(reach: Reach, event_ids: Collection[int]) -> dict[int, Sum]:
    """What these events come to for the viewer; none for an event of which nothing is told."""
    rows = told_attributes(reach).filter(event__in=event_ids).values("event_id")
    live = Q(gone_at__isnull=True)
    found = rows.annotate(
        all=Count("pk"), live=Count("pk", filter=live),
        tlp=Max("contribution__tlp", filter=live), pap=Max("contribution__pap", filter=live),
    )  # fmt: skip
    ceiling = reach.viewer.ceiling  # of what is gone altogether nobody says how it was marked
    return {
        row["event_id"]: Sum(
            row["all"], row["live"], Marking(TLP(row["tlp"]), PAP(row["pap"])) if row["live"] else ceiling
        )
        for row in (found.order_by() if event_ids else ())
    }


def _told_reports(reach: Reach, ids: Collection[int]) -> set[int]:
    told = Report.objects.filter(told_q(reach.viewer), pk__in=ids)
    return set(told.values_list("pk", flat=True)) if ids else set()


def _names(speakers: Collection[UUID]) -> dict[UUID, Org]:
    rows = Institution.objects.filter(public_id__in=speakers)
    return {row.public_id: org_of(row) for row in rows} if speakers else {}


def org_of(institution: Institution) -> Org:
    """An institution."""
    return Org(institution.public_id, institution.name)


def community() -> Org:
    """For what belongs to nobody alone."""
    return Org(community_identity_id(settings.PUBLIC_URL), settings.COMMUNITY_NAME)


def events_told(reach: Reach, rows: Iterable[Event]) -> list[tuple[Event, Head, Sum]]:
    """Those of these events of which something is told, with their sums."""
    listed = list(rows)
    sums = sums_of(reach, [row.pk for row in listed])
    heads = heads_of(reach, list(sums), sums=sums)
    return [(row, heads[row.pk], sums[row.pk]) for row in listed if row.pk in heads]
