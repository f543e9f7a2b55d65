"""Walking through what a viewer is told, a page at a time, as clients ask for it: `page=7&limit=10`.

Clients know numbers of pages and nothing else, so where the next page begins is remembered for them: page 7 begins
where page 6 ended, whatever changed meanwhile, and costs what page 1 costs. What changed moved behind the place that
they have reached, and comes later: nothing is missed. Where nothing is remembered, the pages before are read again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import redis
from django.core.cache import cache

from iocmarket.indicators import guard
from iocmarket.listed.lists import Lists
from sharing.misp.finding import names_in
from sharing.misp.query import Query
from sharing.misp.reach import Reach
from sharing.misp.shapes import Statement
from sharing.misp.stream import START, Span, Spot, values_in_turn
from sharing.misp.telling import statements_of

CHUNK = 500
"""Values that are read at once."""
REMEMBERED = 3600
"""Seconds for which the beginning of a page is kept."""


class Cursor(NamedTuple):
    """Where a page begins: behind the values up to a place, and behind a number of the one that follows."""

    after: Spot = START
    within: Spot | None = None
    number: int = 0


@dataclass(frozen=True, slots=True)
class Walker:
    """One client with one question. `who` is what tells it from others that ask the same."""

    reach: Reach
    query: Query
    who: str
    lists: Lists | None = None
    """The warning lists whose values are left out, when the client wants that."""

    def statements(self, cursor: Cursor = Cursor()) -> Iterator[tuple[Statement, Cursor]]:  # noqa: B008 (immutable)
        """What is asked for, from a place on, each with the place behind it."""
        if self.query.nothing:
            return
        after, span = cursor.after, self.span()
        while found := values_in_turn(self.reach, span, after=after, count=self._chunk):
            spots = {pk: spot for spot, pk in found}
            said = statements_of(self.reach, [pk for _spot, pk in found])
            before = dict(zip(spots, [after, *[spot for spot, _pk in found]], strict=False))
            for one in said:
                spot = spots[one.indicator_id]
                if spot == cursor.within and one.number <= cursor.number:
                    continue
                if self._admits(one):
                    yield one, Cursor(before[one.indicator_id], spot, one.number)
            if len(found) < self._chunk:
                return
            after = found[-1][0]

    def span(self) -> Span:
        """What the order of values can be narrowed to; what is named by uuid or number, to where it stands."""
        uuids, events = self.query.uuids.exact, self.query.events.exact
        within = [names_in(self.reach, uuids, attributes=True)] if uuids else []
        within += [names_in(self.reach, events, attributes=False)] if events else []
        return replace(self.query.span, within=tuple(within))

    def _admits(self, said: Statement) -> bool:
        if not self.query.admits(said) or ("excludeDecayed" in self.query.flags and not said.live):
            return False
        return self.lists is None or not self.lists.guards(guard.subject_of(said.type, said.value, subtree=False))

    @property
    def _chunk(self) -> int:
        # One more: a page begins with the value at which the one before it ended, which may have more to tell.
        return min(CHUNK, self.query.limit + 1) if self.query.limit else CHUNK

    def page(self) -> list[Statement]:
        """The page that is asked for, when there is a limit."""
        page, limit = self.query.page, self.query.limit
        cursor = self.recall(page) if page > 1 else Cursor()
        skipped = 0 if cursor is not None else (page - 1) * limit
        found: list[Statement] = []
        last = cursor or Cursor()
        for said, place in self.statements(cursor or Cursor()):
            last = place
            if skipped:
                skipped -= 1
                continue
            found.append(said)
            if len(found) == limit:
                break
        self.remember(page + 1, last)
        return found

    def _key(self, page: int) -> str:
        return f"misp:{self.who}:{page}"

    def recall(self, page: int) -> Any:
        """Where a page begins; None where that is not known."""
        try:
            return cache.get(self._key(page))
        except redis.RedisError:
            return None

    def remember(self, page: int, place: Any) -> None:
        """Where a page begins."""
        with suppress(redis.RedisError):
            cache.set(self._key(page), place, REMEMBERED)
