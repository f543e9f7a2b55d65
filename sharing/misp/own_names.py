"""What the viewer's institution wrote as a MISP client, it reads under the names that it gave. Others never do."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q

from iocmarket.accounts.viewer import Viewer
from iocmarket.publication.gathering import among
from sharing.misp.shapes import Name
from sharing.misp.writing.models import WrittenAttribute, WrittenEvent


def names_of_attributes(viewer: Viewer, contribution_ids: Collection[int]) -> dict[int, Name]:
    """By the contribution. Of two attributes that say one value, the first is told."""
    rows = WrittenAttribute.objects.filter(
        among(WrittenAttribute, "contribution", contribution_ids), institution_id=viewer.institution_id
    )
    found = rows.order_by("-pk").values_list("contribution_id", "number", "uuid") if contribution_ids else ()
    return {pk: Name(number, uuid) for pk, number, uuid in found}


def names_of_events(viewer: Viewer, report_ids: Collection[int]) -> dict[int | None, Name]:
    """By the report."""
    rows = WrittenEvent.objects.filter(report__in=report_ids, institution_id=viewer.institution_id)
    found = rows.order_by("-pk").values_list("report_id", "number", "uuid") if report_ids else ()
    return {pk: Name(number, uuid) for pk, number, uuid in found}


def attribute_called(viewer: Viewer, condition: Q) -> Q:
    """Attributes of that number or uuid, by the view's names and by the institution's own."""
    mine = WrittenAttribute.objects.filter(condition, institution_id=viewer.institution_id)
    return condition | Q(contribution__in=mine.values("contribution_id"))


def event_called(viewer: Viewer, condition: Q) -> Q:
    """Events of that number or uuid, by the view's names and by the institution's own."""
    mine = WrittenEvent.objects.filter(condition, institution_id=viewer.institution_id)
    return condition | Q(report__in=mine.values("report_id"))
