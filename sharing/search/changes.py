"""What changed since a cursor: one position per view, so that nothing is missed however many views there are.

A view's `date_added` rises in commit order (domain.md, Views): going on from what was given misses nothing. A view
that was gained since is read from its start; one that was lost ends the cursor, because what it held must go.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import orjson
from django.db.models import Min

from iocmarket.accounts.viewer import Viewer
from iocmarket.indicators.models import Indicator
from iocmarket.indicators.visibility import circles_of
from iocmarket.kernel.clock import MICROSECOND
from iocmarket.kernel.decision import Refusal
from iocmarket.publication.access import entries_of, views_of
from iocmarket.publication.models import Entry, View
from sharing.search.rows import Row, rows_of

LIMIT_MAX = LIMIT_DEFAULT = 1000
ALWAYS = 2
"""Audiences of every member institution: the community, and its own inbox."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_START = _EPOCH - timedelta(days=1)
Positions = dict[str, datetime]
"""By the public id of a view: the `date_added` of the last entry that was given out of it."""


@dataclass(frozen=True, slots=True)
class Change:
    """One value. `row` is what the viewer's views say of it now; None when they say nothing any more."""

    action: str
    indicator: Indicator
    row: Row | None


@dataclass(frozen=True, slots=True)
class Changes:
    """Some changes, oldest first, and the cursor after them. `more`: go on at once."""

    changes: list[Change]
    next: str
    more: bool


def changes_of(*, viewer: Viewer, after: str = "", limit: int = LIMIT_DEFAULT) -> Changes:
    """What changed after a cursor; without one everything, as added.

    Raises Refusal: `bad_limit`, `bad_cursor`, and `reset` when a view of the cursor is not read any more: start anew.
    """
    if not 1 <= limit <= LIMIT_MAX:
        raise Refusal("bad_limit", f"limit is a whole number from 1 to {LIMIT_MAX}", where="limit")
    # What is told to a person in TLP:RED lies in no view, and machines go on from cursors.
    viewer = replace(viewer, member_id=None)
    views = {str(view.public_id): view for view in views_of(viewer)}
    positions = _read(after)
    if lost := set(positions) - set(views):
        raise Refusal("reset", f"{len(lost)} of the views of this cursor are not yours any more: start anew")
    found = _entries(viewer, views, positions, limit)
    given = found[:limit]
    reached = dict(positions)
    by_pk = {view.pk: public_id for public_id, view in views.items()}
    for entry in given:
        reached[by_pk[entry.view_id]] = entry.date_added
    for public_id in views:
        reached.setdefault(public_id, _START)
    return Changes(_changes(given, views, positions, viewer), _written(reached), len(found) > limit)


def cursor_at_the_end(viewer: Viewer) -> str | None:
    """After everything that is there now; None while a view of the viewer is missing or being filled: ask later."""
    views = list(views_of(viewer))
    wanted = 1 if viewer.community_only else ALWAYS + circles_of(viewer.institution_id).count()
    if len(views) != wanted:
        return None
    return _written({str(view.public_id): view.head or _START for view in views})


def cursor_without_lost(viewer: Viewer, cursor: str) -> str:
    """The same cursor for who has noticed that views were lost, and seen to what they held. Raises `bad_cursor`."""
    views = {str(view.public_id) for view in views_of(viewer)}
    return _written({public_id: moment for public_id, moment in _read(cursor).items() if public_id in views})


def _entries(viewer: Viewer, views: dict[str, View], positions: Positions, limit: int) -> list[Entry]:
    """The next entries over all views, oldest first, one more than the limit: each view by its own index."""
    parts = [
        entries_of(viewer, [view])
        .filter(indicator__isnull=False, date_added__gt=positions.get(public_id, _START))
        .defer("body", "digest")
        .order_by("date_added", "pk")[: limit + 1]
        for public_id, view in views.items()
    ]
    found = [entry for part in parts for entry in part]
    return sorted(found, key=lambda entry: (entry.date_added, entry.pk))[: limit + 1]


def _changes(given: list[Entry], views: dict[str, View], positions: Positions, viewer: Viewer) -> list[Change]:
    """One change for each value, where its last entry stands."""
    last = {entry.indicator_id: place for place, entry in enumerate(given)}
    order = [pk for pk in sorted(last, key=lambda key: last[key]) if pk is not None]
    indicators = Indicator.unscoped.in_bulk(order)
    rows = {row.indicator.public_id: row for row in rows_of(order, viewer=viewer)}
    before = _known_before(order, views, positions)
    found = []
    for pk in order:
        indicator = indicators[pk]
        row = rows.get(str(indicator.public_id))
        action = "removed" if row is None else "changed" if pk in before else "added"
        found.append(Change(action, indicator, row))
    return found


def _known_before(order: Iterable[int], views: dict[str, View], positions: Positions) -> set[int]:
    """The values of which an entry was there already when the cursor was given."""
    first = (
        Entry.objects.filter(view__in=[view.pk for view in views.values()], indicator__in=list(order) or [0])
        .values_list("view__public_id", "indicator_id")
        .annotate(first=Min("first_added"))
    )
    return {pk for view_id, pk, added in first if pk is not None and added <= positions.get(str(view_id), _START)}


def _written(positions: Positions) -> str:
    told = {public_id: (moment - _EPOCH) // MICROSECOND for public_id, moment in sorted(positions.items())}
    return base64.urlsafe_b64encode(orjson.dumps(told)).decode().rstrip("=")


def _read(cursor: str) -> Positions:
    if not cursor:
        return {}
    try:
        told = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return {str(public_id): _EPOCH + int(count) * MICROSECOND for public_id, count in told.items()}
    except (ValueError, TypeError, AttributeError, OverflowError, binascii.Error) as error:
        raise Refusal("bad_cursor", "the cursor is none of those that this exit gave", where="after") from error
