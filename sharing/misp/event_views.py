"""`events/…`: search, index, one event. An event may hold a hundred thousand attributes: they are written as read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import orjson
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from sharing.misp.attribute_views import walker_of
from sharing.misp.event_stream import FIRST, Turn, events_in_turn
from sharing.misp.exports import EXPORTS, JSON_FORMAT
from sharing.misp.extras import Page
from sharing.misp.finding import attributes_in, dated, event_named, names_in
from sharing.misp.frame import JSON, MispView, answer, sent
from sharing.misp.models import Event
from sharing.misp.query import Query, read_query
from sharing.misp.reach import Reach, reach_of
from sharing.misp.search import Walker
from sharing.misp.shapes import Head, Statement, event, labels, listed_event
from sharing.misp.telling import Sum, events_told, statements_at
from sharing.misp.writing.answers import event_as_it_stands
from sharing.misp.writing.finding import own_event

CHUNK = 500
"""Events, or attributes of one, that are read at once."""
INDEX_MAX = 5000
"""Events of an index without a limit: it holds no attributes, and clients show it as a list."""
_HOLE = b'"Attribute":[]'


class Told(NamedTuple):
    """An event as it is told."""

    row: Event
    head: Head
    sum: Sum
    turn: Turn


class EventSearch(MispView):
    """Whole events: those that changed, or that hold what is asked for."""

    def get(self, request: Request) -> HttpResponseBase:
        """With parameters in the path or the query."""
        return self._found(request)

    def post(self, request: Request) -> HttpResponseBase:
        """With parameters in the body."""
        return self._found(request)

    def _found(self, request: Request) -> HttpResponseBase:
        params = self.params(request)
        query = read_query(params, formats={JSON_FORMAT, *EXPORTS})
        walker = walker_of(request, self.viewer(request), query, params)
        headers = {"X-Export-Module-Used": query.wanted, "X-Response-Format": query.wanted}
        told = _page(walker)
        if query.wanted != JSON_FORMAT:
            statements = (said for one in told for some in _chunks(walker.reach, one.row) for said in some)
            return EXPORTS[query.wanted].answer(walker.reach, query, statements, headers)
        return sent(_searched(walker.reach, query, told), JSON, **headers)


class EventIndex(MispView):
    """Events without their attributes."""

    def get(self, request: Request) -> HttpResponseBase:
        """All, the newest last."""
        return self._listed(request)

    def post(self, request: Request) -> HttpResponseBase:
        """Those that are asked for."""
        return self._listed(request)

    def _listed(self, request: Request) -> HttpResponse:
        params = self.params(request)
        named = {"datefrom": "from", "dateuntil": "to", "eventid": "eventid", "tag": "tags"}
        params = {**params, **{ours: params[theirs] for theirs, ours in named.items() if theirs in params}}
        params = {**params, "limit": params.get("limit") or INDEX_MAX}
        query = read_query({**params, "returnFormat": JSON_FORMAT}, formats={JSON_FORMAT})
        walker = walker_of(request, self.viewer(request), query, params)
        listed = [listed_event(one.head, count=one.sum.attributes) for one in _page(walker)]
        return answer(listed, headers={"X-Result-Count": str(len(listed))})


class EventView(MispView):
    """One event with all that the viewer is told of it."""

    def get(self, request: Request, name: str) -> HttpResponseBase:
        """By number or uuid. Raises Http404 for what is hidden as for what is absent."""
        return self._shown(request, name)

    def post(self, request: Request, name: str) -> HttpResponseBase:
        """The same: what may be asked for besides is always there, or never."""
        return self._shown(request, name)

    def _shown(self, request: Request, name: str) -> HttpResponseBase:
        viewer = self.viewer(request)
        reach = reach_of(viewer)
        found = event_named(reach, name)
        if found is None:  # one that the institution wrote a moment ago is there before it is published
            return answer({"Event": event_as_it_stands(own_event(name, viewer), viewer)})
        return sent(written(reach, *found, frozenset()), JSON)


def _page(walker: Walker) -> Iterator[Told]:
    """The page of events that is asked for, or all of them."""
    query = walker.query
    if query.nothing:
        return
    page, limit = query.page, query.limit
    place = walker.recall(page) if page > 1 and limit else FIRST
    skipped = 0 if place is not None else (page - 1) * limit
    last, given = place or FIRST, 0
    for one in _told(walker, place or FIRST):
        last = one.turn
        if skipped:
            skipped -= 1
            continue
        yield one
        given += 1
        if given == limit:
            break
    if limit:
        walker.remember(page + 1, last)


def _told(walker: Walker, after: Turn) -> Iterator[Told]:
    """The events of which something is told that is asked for, from a place on."""
    reach, query = walker.reach, walker.query
    within = _holding(walker) if query.looks_inside else None
    if query.events.exact:
        called = set(names_in(reach, query.events.exact, attributes=False).events)
        within = called if within is None else within & called
    count = min(CHUNK, max(query.limit, 10)) if query.limit else CHUNK
    while turns := events_in_turn(reach, since=query.since, until=query.until, after=after, count=count, only=within):
        wanted = [turn.event for turn in turns]
        rows = {row.pk: row for row in Event.objects.filter(pk__in=wanted)}
        told = {row.pk: (row, head, total) for row, head, total in dated(reach, events_told(reach, rows.values()))}
        for turn in turns:
            if turn.event not in told:
                continue
            row, head, total = told[turn.event]
            if query.admits_event(head) and query.event_tags.admits(labels(head.marking)):
                yield Told(row, head, total, turn)
        if len(turns) < count:
            return
        after = turns[-1]


def _holding(walker: Walker) -> set[int]:
    """The events that hold an attribute that is asked for."""
    numbers = {said.head.number for said, _place in walker.statements()}
    return set(Event.objects.filter(number__in=numbers).values_list("pk", flat=True))


def _searched(reach: Reach, query: Query, told: Iterator[Told]) -> Iterator[bytes]:
    yield b'{"response":['
    for number, one in enumerate(told):
        if number:
            yield b","
        yield from written(reach, one.row, one.head, one.sum, query.flags)
    yield b"]}"


def written(reach: Reach, row: Event, head: Head, total: Sum, flags: frozenset[str]) -> Iterator[bytes]:
    """`{"Event": …}`, its attributes as they are read."""
    before, hole, after = orjson.dumps({"Event": event(head, count=total.attributes)}).partition(_HOLE)
    yield before + hole[:-1]
    first = True
    for some in _chunks(reach, row) if "metadata" not in flags else ():
        text = b",".join(orjson.dumps(one) for one in Page(reach, some, flags, beside=False).attributes())
        if text:
            yield text if first else b"," + text
            first = False
    yield b"]" + after


def _chunks(reach: Reach, row: Event) -> Iterator[list[Statement]]:
    """What is told in an event, some at a time."""
    names, last = attributes_in(reach, row), 0
    while some := list(names.filter(number__gt=last)[:CHUNK]):
        yield statements_at(reach, some)
        last = some[-1].number
