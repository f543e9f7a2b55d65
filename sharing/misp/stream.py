"""The values of a viewer in the order in which they changed for him, from any place on, a page at a time.

A value stands where the newest of its entries stands among the views that he reads, or where he gained the view, or
where `to_ids` changed without a publication (moved.py), whichever is latest: so whoever asks for what changed since his
last visit is told all of it. Each view is read by its own index from the place on and the few rows found are merged:
the cost of a page does not follow its depth.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from typing import Any, NamedTuple

from django.db import connection

from sharing.misp.deciding import gained
from sharing.misp.reach import Reach, Shown

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Spot(NamedTuple):
    """Where a value stands: (moment, `date_added`, key of the entry). The order of tuples is the order of values."""

    stamp: datetime
    added: datetime
    entry: int


Condition = tuple[str, Sequence[Any]]
"""A condition with what stands in it."""
START = Spot(_EPOCH, _EPOCH, 0)


class Named(NamedTuple):
    """Values by what clients call what is told of them: keys of indicators, and of events that hold them."""

    indicators: Sequence[int]
    events: Sequence[int]


@dataclass(frozen=True, slots=True)
class Span:
    """What of the order is asked for: changed not before and not after these moments, of these types or values.

    Values are looked for where they are read, by digest or pattern: whether anybody shared one changes no statement.
    """

    since: datetime = _EPOCH
    until: datetime | None = None
    types: Collection[str] | None = None
    digests: Collection[bytes] | None = None
    likes: Collection[str] | None = None
    within: tuple[Named, ...] = ()
    """Values that are named in each of these ways."""


_NEWER = """NOT EXISTS (SELECT FROM publication_entry AS newer JOIN (VALUES {values}) AS mine (view_id, gained, told)
ON mine.view_id = newer.view_id WHERE newer.indicator_id = held.indicator_id AND newer.view_id <> held.view_id
AND (newer.state <> 'withdrawn' OR newer.date_added >= mine.told)
AND (GREATEST(newer.date_added, mine.gained), newer.date_added, newer.id)
  > (GREATEST(held.date_added, %s), held.date_added, held.id))"""


_STAYED = """NOT EXISTS (SELECT FROM misp_moved AS moved WHERE moved.exit_id = %s
AND moved.indicator_id = held.indicator_id AND moved.moved_at > GREATEST(held.date_added, %s))"""


_WITHIN = """held.indicator_id IN (SELECT unnest(%s::bigint[]) UNION
SELECT called.indicator_id FROM misp_attribute AS called WHERE called.event_id = ANY(%s::bigint[]))"""


def values_in_turn(reach: Reach, span: Span, *, after: Spot = START, count: int) -> list[tuple[Spot, int]]:
    """The next values after a place, at most so many. One statement."""
    parts, parameters = [], []
    ways = (_of_view,) if reach.moving is None else (_of_view, _moved)
    for shown, way in product(reach.shown, ways):
        sql, given = way(reach, shown, span, after, count)
        parts.append(f"({sql})")
        parameters += given
    if not parts:
        return []
    merged = f"SELECT * FROM ({' UNION ALL '.join(parts)}) AS every ORDER BY stamp, added, entry LIMIT %s"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(merged, [*parameters, count])
        return [(Spot(stamp, added, entry), pk) for stamp, added, entry, pk in cursor.fetchall()]


def every_value(reach: Reach, span: Span, *, after: Spot = START, chunk: int) -> Iterator[list[tuple[Spot, int]]]:
    """All of them from a place on, some at a time."""
    while found := values_in_turn(reach, span, after=after, count=chunk):
        yield found
        if len(found) < chunk:
            return
        after = found[-1][0]


def _of_view(reach: Reach, shown: Shown, span: Span, after: Spot, count: int) -> tuple[str, list[Any]]:
    since = gained(shown)
    conditions = [*_what(reach, shown, span), *_when(since, span, after)]
    if reach.moving is not None:
        conditions.append((_STAYED, [reach.moving, since]))
    # Few values that are named are found by their own index: the order is then no index's.
    order = "held.date_added + interval '0'" if span.within else "held.date_added"
    sql = (
        "SELECT GREATEST(held.date_added, %s) AS stamp, held.date_added AS added, held.id AS entry, held.indicator_id"  # noqa: S608
        f" FROM publication_entry AS held {_typed(span)} WHERE {_all(conditions)} ORDER BY {order} LIMIT %s"
    )
    return sql, [since, *_given(conditions), count]


def _moved(reach: Reach, shown: Shown, span: Span, after: Spot, count: int) -> tuple[str, list[Any]]:
    """Those that moved without a publication, after whatever was published of them (moved.py)."""
    conditions: list[Condition] = [
        ("moved.exit_id = %s", [reach.moving]),
        ("moved.moved_at > GREATEST(held.date_added, %s)", [gained(shown)]),
        ("moved.moved_at >= %s", [max(span.since, after.stamp)]),
        ("(moved.moved_at, moved.moved_at, held.id) > (%s, %s, %s)", list(after)),
        *_what(reach, shown, span),
    ]
    if span.until is not None:
        conditions.append(("moved.moved_at <= %s", [span.until]))
    sql = (
        "SELECT moved.moved_at AS stamp, moved.moved_at AS added, held.id AS entry, held.indicator_id"  # noqa: S608
        " FROM misp_moved AS moved JOIN publication_entry AS held ON held.indicator_id = moved.indicator_id"
        f" {_typed(span)} WHERE {_all(conditions)} ORDER BY moved.moved_at, held.id LIMIT %s"
    )
    return sql, [*_given(conditions), count]


def _typed(span: Span) -> str:
    named = any(part is not None for part in (span.types, span.digests, span.likes))
    return "JOIN indicators_indicator AS named ON named.id = held.indicator_id" if named else ""


def _all(conditions: Iterable[Condition]) -> str:
    return " AND ".join(text for text, _given in conditions)


def _given(conditions: Iterable[Condition]) -> list[Any]:
    return [value for _text, given in conditions for value in given]


def _what(reach: Reach, shown: Shown, span: Span) -> Iterator[Condition]:
    """Which entries of a view are told, the newest of each value, and are asked for."""
    yield "held.view_id = %s", [shown.pk]
    yield "held.indicator_id IS NOT NULL", []
    if shown.since is None:
        yield "held.state <> 'withdrawn'", []
    else:
        yield "(held.state <> 'withdrawn' OR held.date_added >= %s)", [shown.since]
    if span.types is not None:
        yield "named.type = ANY(%s)", [sorted(span.types)]
    if span.digests is not None:
        yield "named.digest = ANY(%s)", [sorted(span.digests)]
    for names in span.within:
        yield _WITHIN, [names.indicators, names.events]
    if span.likes is not None:
        yield "named.value ILIKE ANY(%s)", [sorted(span.likes)]
    if len(reach.shown) > 1:
        told = [[each.pk, gained(each), each.since or datetime.max.replace(tzinfo=UTC)] for each in reach.shown]
        values = ", ".join(["(%s::bigint, %s::timestamptz, %s::timestamptz)"] * len(told))
        yield _NEWER.format(values=values), [*(cell for row in told for cell in row), gained(shown)]


def _when(since: datetime, span: Span, after: Spot) -> Iterator[Condition]:
    """Of a view that was gained then: what stands between the moments, behind that place."""
    if span.since > since:
        yield "held.date_added >= %s", [span.since]
    if span.until is not None:
        # What was there before the view was gained stands at that moment.
        yield ("held.date_added <= %s", [span.until]) if span.until >= since else ("FALSE", [])
    if after.stamp == since:
        yield "(held.date_added, held.id) > (%s, %s)", [after.added, after.entry]
    elif after.stamp > since:
        # One added at that very moment may stand behind another that was added earlier and stands there too.
        tied = "held.id > %s" if after.added == after.stamp else "TRUE"
        yield f"(held.date_added > %s OR (held.date_added = %s AND {tied}))", [
            after.stamp, after.stamp, *([after.entry] if after.added == after.stamp else []),
        ]  # fmt: skip
