"""Events in the order in which they changed for a viewer, from any place on, a page at a time.

An event is as new as its newest attribute, and an attribute as its value: also when something was said of the value in
another of the viewer's views. Each view is read by its own index from the place on and the few rows found are merged,
so that the cost of a page follows neither its depth nor how many events and indicators there are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.db import connection

from sharing.misp.deciding import gained
from sharing.misp.reach import Reach, Shown

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NEVER = datetime.max.replace(tzinfo=UTC)


class Turn(NamedTuple):
    """Where an event stands: (moment, `changed_at`, key). The order of tuples is the order of events."""

    stamp: datetime
    changed: datetime
    event: int


FIRST = Turn(_EPOCH, _EPOCH, 0)

_MINE = "mine (view_id, gained) AS (VALUES {values})"
# Of values that were said something of in another view since then: what tells of them here is as new as that.
_BESIDE = """touched AS (SELECT named.event_id, max(GREATEST(entry.date_added, mine.gained)) AS moment
FROM publication_entry AS entry JOIN mine USING (view_id)
JOIN misp_attribute AS named ON named.indicator_id = entry.indicator_id AND named.view_id <> entry.view_id
JOIN mine AS other ON other.view_id = named.view_id
WHERE entry.date_added >= %s OR (mine.gained >= %s AND entry.date_added < mine.gained) GROUP BY 1
UNION ALL SELECT named.event_id, max(moved.moved_at) FROM misp_moved AS moved
JOIN misp_attribute AS named ON named.indicator_id = moved.indicator_id JOIN mine ON mine.view_id = named.view_id
WHERE moved.exit_id = %s AND moved.moved_at >= %s GROUP BY 1)"""
# What moved without a publication (moved.py) counts as said of.
_NEWEST = "beside AS (SELECT event_id, max(moment) AS moment FROM touched GROUP BY 1)"
_MOVED = """SELECT beside.moment AS stamp, event.changed_at AS changed, event.id
FROM beside JOIN misp_event AS event ON event.id = beside.event_id JOIN mine USING (view_id)
WHERE beside.moment > GREATEST(event.changed_at, mine.gained) AND beside.moment >= %s AND beside.moment <= %s
AND (beside.moment, event.changed_at, event.id) > (%s, %s, %s)"""
_NOT_MOVED = """NOT EXISTS (SELECT FROM beside WHERE beside.event_id = event.id
AND beside.moment > GREATEST(event.changed_at, %s))"""
_STAMPS = """WITH {mine} SELECT named.event_id, max(GREATEST(entry.date_added, mine.gained, moved.moved_at))
FROM misp_attribute AS named JOIN publication_entry AS entry ON entry.indicator_id = named.indicator_id
LEFT JOIN misp_moved AS moved ON moved.indicator_id = named.indicator_id AND moved.exit_id = %s
JOIN mine ON mine.view_id = entry.view_id WHERE named.event_id = ANY(%s) GROUP BY 1"""


def events_in_turn(
    reach: Reach,
    *,
    since: datetime,
    until: datetime | None,
    after: Turn = FIRST,
    count: int,
    only: Collection[int] | None = None,
) -> list[Turn]:
    """The next events that changed between these moments, `only` among some. One statement."""
    mine, given = _mine(reach)
    if not mine:
        return []
    # Whoever asks for everything reads every event as it is now.
    moved = since > _EPOCH
    last = until or _NEVER
    head, parts, parameters = "", [], []
    if moved:
        begin = max(since, after.stamp)
        head = f"WITH {mine}, {_BESIDE}, {_NEWEST} "
        parameters += [*given, begin, begin, reach.moving, begin]
        parts.append(_MOVED + (" AND event.id = ANY(%s)" if only is not None else ""))
        parameters += [since, last, *after, *([sorted(only)] if only is not None else [])]
    for shown in reach.shown:
        wheres: list[str] = ["event.view_id = %s"]
        values: list[Any] = [gained(shown), shown.pk]
        for condition, needed in _conditions(shown, since, last, after):
            wheres.append(condition)
            values += needed
        if only is not None:
            wheres.append("event.id = ANY(%s)")
            values.append(sorted(only))
        if moved:
            wheres.append(_NOT_MOVED)
            values.append(gained(shown))
        parts.append(
            "(SELECT GREATEST(event.changed_at, %s) AS stamp, event.changed_at AS changed, event.id"  # noqa: S608
            f" FROM misp_event AS event WHERE {' AND '.join(wheres)} ORDER BY event.changed_at, event.id LIMIT %s)"
        )
        parameters += [*values, count]
    sql = f"{head}SELECT * FROM ({' UNION ALL '.join(parts)}) AS every ORDER BY stamp, changed, id LIMIT %s"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(sql, [*parameters, count])
        return [Turn(*row) for row in cursor.fetchall()]


def _conditions(shown: Shown, since: datetime, until: datetime, after: Turn) -> Iterator[tuple[str, list[Any]]]:
    """Of what a view tells by itself: what was there before the view was gained stands at that moment."""
    gain = gained(shown)
    if since > gain:
        yield "event.changed_at >= %s", [since]
    if until < _NEVER:
        yield ("event.changed_at <= %s", [until]) if until >= gain else ("FALSE", [])
    if after.stamp == gain or after.stamp == after.changed > gain:
        yield "(event.changed_at, event.id) > (%s, %s)", [after.changed, after.event]
    elif after.stamp > gain:
        yield "event.changed_at >= %s", [after.stamp]


def stamps_of(reach: Reach, event_ids: Collection[int]) -> dict[int, datetime]:
    """When each of these events changed for the viewer."""
    mine, given = _mine(reach)
    if not mine or not event_ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_STAMPS.format(mine=mine), [*given, reach.moving, list(event_ids)])
        return dict(cursor.fetchall())


def _mine(reach: Reach) -> tuple[str, list[Any]]:
    if not reach.shown:
        return "", []
    values = ", ".join(["(%s::bigint, %s::timestamptz)"] * len(reach.shown))
    return _MINE.format(values=values), [cell for shown in reach.shown for cell in (shown.pk, gained(shown))]
