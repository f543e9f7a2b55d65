"""What a writer is answered: its own statements as they stand now, under the names that it gave them.

They are told here before they are published. `to_ids` is what follows from the statement alone: what others say of the
value, and the guard, decide on it once it is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC
from typing import Any

from ingestion.readers.misp import NOT_DETECTED
from ingestion.readers.misp_types import UNDETECTED
from iocmarket.accounts.models import Institution
from iocmarket.accounts.viewer import Viewer
from iocmarket.indicators.models import Contribution
from iocmarket.kernel.marking import BLOCKING_PAP, PAP, TLP, Marking
from sharing.misp import shapes
from sharing.misp.numbers import draw, number_of
from sharing.misp.shapes import Group, Head, Json, Org, Statement
from sharing.misp.types import UNJUDGED, written
from sharing.misp.writing.changing import OwnAttribute
from sharing.misp.writing.events import Own
from sharing.misp.writing.models import WrittenAttribute

_DISTRIBUTION = {"community": shapes.COMMUNITY, "circle": shapes.GROUP}


def event_as_it_stands(own: Own, viewer: Viewer, *, whole: bool = True) -> Json:
    """The event with what it says to this viewer; without `whole`, its head alone."""
    rows = list(_rows(Contribution.objects.own_of(viewer).filter(report=own.report)))
    head = _head(own, rows)
    return shapes.event(head, attributes=_attributes(head, rows, viewer) if whole else (), count=len(rows))


def attribute_as_it_stands(own: Own, attribute: OwnAttribute, viewer: Viewer) -> list[Json]:
    """The attribute, value by value, as far as this viewer may see it."""
    pks = [said.pk for said in attribute.statements]
    rows = {row.pk: row for row in _rows(Contribution.objects.own_of(viewer).filter(pk__in=pks))}
    listed = [rows[pk] for pk in pks if pk in rows]
    return _attributes(_head(own, listed), listed, viewer)


def object_as_it_stands(own: Own, thing: Any, attributes: Sequence[Json]) -> Json:
    """An object, given back as it was sent, with those of its attributes that are kept."""
    head = _head(own, [])
    composite = shapes.Composite(
        number=number_of(str(thing.get("uuid", draw()))),
        uuid=str(thing.get("uuid", "")),
        name=str(thing.get("name", "")),
        category=str(thing.get("meta-category", "")),
        template_uuid=str(thing.get("template_uuid", "")),
        template_version=str(thing.get("template_version", "1")),
        event_number=head.number,
        timestamp=head.timestamp,
        comment=str(thing.get("comment", "") or ""),
    )
    return shapes.object_of(composite, attributes)


def _rows(found: Any) -> Iterable[Contribution]:
    rows: Iterable[Contribution] = found.select_related("indicator").order_by("pk")
    return rows


def _head(own: Own, rows: Sequence[Contribution]) -> Head:
    report = own.report
    institution = Institution.objects.get(pk=report.institution_id)
    newest = max([row.refreshed_at for row in rows], default=report.created_at)
    marking = shapes.strictest([row.marking for row in rows]) if rows else Marking(TLP(report.tlp), PAP(report.pap))
    circle = report.circle
    return Head(
        number=own.written.number if own.written else number_of(report.public_id),
        uuid=own.written.uuid if own.written else report.public_id,
        info=report.title,
        day=report.created_at.astimezone(UTC).date(),
        timestamp=int(newest.timestamp()),
        marking=marking,
        org=Org(institution.public_id, institution.name),
        distribution=_DISTRIBUTION.get(report.audience, shapes.OWN),
        group=Group(circle.public_id, circle.name) if circle else None,
        finished=True,
    )


def _attributes(head: Head, rows: Sequence[Contribution], viewer: Viewer) -> list[Json]:
    names = WrittenAttribute.objects.filter(
        institution_id=viewer.institution_id, contribution__in=[row.pk for row in rows]
    )
    held = {name.contribution_id: name for name in names.order_by("-pk")}
    return [shapes.attribute(_statement(head, row, held.get(row.pk))) for row in rows]


def _statement(head: Head, row: Contribution, name: WrittenAttribute | None) -> Statement:
    said = written(row.indicator.type, row.indicator.value, threat_type=row.threat_type, subtree=row.subtree)
    blockable = row.pap <= BLOCKING_PAP and said.type not in UNDETECTED | UNJUDGED
    return Statement(
        number=name.number if name else number_of(row.public_id),
        uuid=name.uuid if name else row.public_id,
        head=head,
        type=row.indicator.type,
        value=row.indicator.value,
        written=said,
        timestamp=int(row.refreshed_at.timestamp()),
        to_ids=blockable and row.confidence > NOT_DETECTED,
        blockable=blockable,
        live=True,
        score=float(row.confidence),
        indicator_id=row.indicator_id,
        marking=row.marking,
        comment=row.comment,
        threat_type=row.threat_type,
        tags=row.tags,
        first_seen=row.first_seen,
        last_seen=row.last_seen,
    )
