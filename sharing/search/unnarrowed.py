"""The list that nothing narrows: what machines read in pages of a thousand, by a statement that is written once.

The same as what `listing` asks for with no filter; a test holds the two equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import BooleanField, Exists, OuterRef, Q, QuerySet
from django.db.models.expressions import RawSQL

from iocmarket.accounts.viewer import Viewer
from iocmarket.prepared import GIVEN, Prepared
from iocmarket.publication.access import views_of
from iocmarket.publication.models import Entry, View
from sharing.reading import Exit

SPOKEN = (Entry.State.LIVE, Entry.State.EXPIRED)
NEWER = Q(date_added__gt=OuterRef("date_added")) | Q(date_added=OuterRef("date_added"), stix_id__gt=OuterRef("stix_id"))
"""Of an entry in a sub-select: it stands before the outer one in a list."""
Placed = tuple[datetime, str, int]
"""`date_added` and the id of an entry, which are its place in a list, and its indicator."""

_VIEWS = Prepared[Exit](lambda exit_: views_of(exit_.viewer).values_list("pk"))


class _Shape(NamedTuple):
    views: tuple[int, ...]
    length: int
    from_cursor: bool


def views_read_by(viewer: Viewer) -> list[View]:
    """`views_of`, nothing of them known but their keys."""
    return [View(pk=pk) for (pk,) in _VIEWS.rows(Exit.of(viewer))]


def newest(views: Sequence[View], *, count: int, before: tuple[datetime, str] | None) -> list[Placed]:
    """The newest entry of each value in these views, newest first, those after `before` only. One statement."""
    if not views:
        return []
    shape = _Shape(tuple(view.pk for view in views), count, before is not None)
    return [*map(_placed, _NEWEST.rows(shape, *(before or ()) * len(views)))]


def _placed(row: tuple[Any, ...]) -> Placed:
    added, number, indicator_id = row
    return added, number, indicator_id


def merged(parts: Sequence[QuerySet[Entry]], count: int) -> QuerySet[Entry, Any]:
    """So many of these entries, newest first: each part is read in its order, no further than is needed."""
    places = [
        part.order_by("-date_added", "-stix_id").values_list("date_added", "stix_id", "indicator_id")[:count]
        for part in parts
    ]
    if len(places) == 1:
        return places[0]
    return places[0].union(*places[1:], all=True).order_by("-date_added", "-stix_id")[:count]


def _statement(shape: _Shape) -> QuerySet[Entry, Any]:
    return merged([_part(pk, shape) for pk in shape.views], shape.length)


def _part(view_id: int, shape: _Shape) -> QuerySet[Entry]:
    """The entries of one view that are the newest of their value: a view has one of each, so only others are asked."""
    found = Entry.objects.filter(view=view_id, state__in=SPOKEN)
    if others := [pk for pk in shape.views if pk != view_id]:
        same = Entry.objects.filter(view__in=others, indicator_id=OuterRef("indicator_id"), state__in=SPOKEN)
        found = found.exclude(Exists(same.filter(NEWER)))
    return found.filter(_AFTER) if shape.from_cursor else found


_AFTER = RawSQL(
    "(publication_entry.date_added, publication_entry.stix_id) < (%s, %s)", [GIVEN, GIVEN], output_field=BooleanField()
)
# Planned anew each time: how much of a view lies after a place decides on how it is read.
_NEWEST = Prepared[_Shape](_statement, planned=False)
