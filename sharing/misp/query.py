"""What a restSearch asks for: read from its parameters, and applied to what the viewer is told.

What no index serves is compared statement by statement; parameters that we have nothing for (clusters, correlations,
proposals) change nothing, as in MISP when a server has none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import orjson

from iocmarket.indicators.types import ioc_types
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.ids import digest_of
from sharing.misp.reading import Choice, choice, day, flag, is_true, span, texts, whole
from sharing.misp.shapes import Head, Statement, labels, tags_of
from sharing.misp.stream import Span
from sharing.misp.types import category_of, our_types

VALUES_MAX = 2000
"""Values that one question may name."""
LIMIT_MAX = 100_000
_TIMES = ("timestamp", "attribute_timestamp", "event_timestamp", "publish_timestamp", "last")
_NEVER = datetime.max.replace(tzinfo=UTC)
_START = datetime(1970, 1, 1, tzinfo=UTC)
_PAGING = {"page", "limit"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A question. `limit` 0: everything."""

    page: int
    limit: int
    wanted: str
    """`returnFormat`."""
    since: datetime
    until: datetime | None
    values: Choice
    digests: frozenset[bytes] | None
    """Of the values that are asked for without a pattern, in whatever spelling."""
    types: Choice
    categories: Choice
    tags: Choice
    event_tags: Choice
    orgs: Choice
    uuids: Choice
    events: Choice
    info: Choice
    words: str
    to_ids: bool | None
    first_day: date | None
    last_day: date | None
    nothing: bool
    """Asked for what we never have: unpublished, deleted, parts of objects."""
    flags: frozenset[str]
    """Of those that begin with `include` or stand alone (`metadata`, `headerless`), the ones that are set."""
    columns: tuple[str, ...]
    """`requested_attributes`."""
    hash_type: str

    @property
    def span(self) -> Span:
        """What the order of values can be narrowed to."""
        # An attribute is never older than the day of its event.
        earliest = (
            datetime(self.first_day.year, self.first_day.month, self.first_day.day, tzinfo=UTC)
            if (self.first_day)
            else _START
        )
        likes = self.values.any if self.digests is None and self.values.any else None
        return Span(max(self.since, earliest), self.until, _types(self.types), self.digests, likes)

    @property
    def looks_inside(self) -> bool:
        """Whether events are asked for by what is in them."""
        inside = (self.values, self.types, self.categories, self.tags, self.uuids)
        return self.to_ids is not None or bool(self.words) or any(inside)

    def admits(self, said: Statement) -> bool:
        """Whether a statement is asked for."""
        kind, value = said.written.type, said.written.value
        return (
            not self.nothing
            and (self.to_ids is None or said.to_ids is self.to_ids)
            and self.types.admits([kind])
            and self.categories.admits([category_of(kind)])
            and self._meant([value, *(value.split("|") if "|" in kind else ())])
            and self.uuids.admits([str(one.uuid) for one in (said, said.shown, said.head, said.head.shown)])
            and (not self.tags or self.tags.admits(tags_of(said)))
            and self._found(said)
            and self.admits_event(said.head)
        )

    def admits_event(self, head: Head) -> bool:
        """Whether the event is asked for, whatever is in it."""
        return (
            not self.nothing
            and self.events.admits([str(name) for one in (head, head.shown) for name in (one.number, one.uuid)])
            and self.info.admits([head.info])
            and self.orgs.admits([head.org.name, str(head.org.public_id), head.org.number])
            and (self.first_day is None or head.day >= self.first_day)
            and (self.last_day is None or head.day <= self.last_day)
        )

    def _meant(self, values: list[str]) -> bool:
        """Whether the value is asked for: those without a pattern were looked up, in whatever spelling they came."""
        wanted = self.values if self.digests is None else Choice(none=self.values.none)
        return wanted.admits(values)

    def _found(self, said: Statement) -> bool:
        words = self.words.strip("%").casefold()
        told = (said.written.value, said.comment, said.head.info)
        return not words or any(words in text.casefold() for text in told)

    def digest(self, params: Mapping[str, Any]) -> str:
        """Equal for equal questions, whatever page of them is asked for."""
        kept = {key: value for key, value in params.items() if key not in _PAGING}
        text = orjson.dumps(kept, option=orjson.OPT_SORT_KEYS, default=str)
        return hashlib.sha256(text + b":%d" % self.limit).hexdigest()


def read_query(params: Mapping[str, Any], *, formats: Collection[str]) -> Query:
    """Raises Refusal: `bad_parameter`, `unknown_format`."""
    now = clock.now()
    wanted = str(params.get("returnFormat") or "json").lower()
    if wanted not in formats:
        raise Refusal("unknown_format", f"returnFormat is one of {', '.join(sorted(formats))}", where="returnFormat")
    since, until = _times(params, now)
    days = params.get("date")
    both = days if isinstance(days, list) and len(days) == 2 else [days, None]
    return Query(
        page=max(1, whole("page", params.get("page"), default=1)),
        limit=min(LIMIT_MAX, whole("limit", params.get("limit"), default=0)),
        wanted=wanted,
        since=since,
        until=until,
        values=choice(params.get("value")),
        digests=_digests(params.get("value"), choice(params.get("type"))),
        types=choice(params.get("type")),
        categories=choice(params.get("category")),
        tags=choice(params.get("tags", params.get("tag"))),
        event_tags=choice(params.get("event_tags")),
        orgs=choice(params.get("org", params.get("orgc"))),
        uuids=choice(params.get("uuid")),
        events=choice([params.get(name) for name in ("eventid", "event_id", "eventUuid", "event_uuid")]),
        info=choice(params.get("eventinfo")),
        words=str(params.get("searchall") or params.get("quickFilter") or "")[:200],
        to_ids=flag(params.get("to_ids")),
        first_day=day("from", params.get("from") or both[0], now),
        last_day=day("to", params.get("to") or both[1], now),
        nothing=_asks_for_nothing(params),
        flags=frozenset(name for name, value in params.items() if is_true(value)),
        columns=tuple(map(str, params.get("requested_attributes") or ()))
        if isinstance(params.get("requested_attributes"), list)
        else (),
        hash_type=str(params.get("hash_type") or "md5"),
    )


def _asks_for_nothing(params: Mapping[str, Any]) -> bool:
    groups = choice(params.get("sharinggroup"))
    return (
        flag(params.get("published")) is False
        or flag(params.get("deleted")) is True
        or bool(choice(params.get("object_name")).any)
        or bool(groups.any)
    )


def _times(params: Mapping[str, Any], now: datetime) -> tuple[datetime, datetime | None]:
    """Whatever time a client names: an attribute is as new as the last change of it that the viewer is told of."""
    since, until = _START, _NEVER
    for name in _TIMES:
        first, last = span(params.get(name), now)
        since = max(since, first or _START)
        until = min(until, last or _NEVER)
    return since, None if until == _NEVER else until


def _types(kinds: Choice) -> frozenset[str] | None:
    return our_types(frozenset(kinds.exact)) if kinds.exact else None


def _digests(value: Any, kinds: Choice) -> frozenset[bytes] | None:
    """What these texts may stand for; None where one is a pattern, or none is asked for. Raises Refusal."""
    values = [text for text in texts(value) if not text.startswith("!")]
    if len(values) > VALUES_MAX:
        raise Refusal("bad_parameter", f"value: at most {VALUES_MAX} in one question", where="value")
    if not values or any("%" in text and text.strip("%") != text for text in values):
        return None
    types = _types(kinds)
    names = [kind.name for kind in ioc_types if types is None or kind.name in types]
    return frozenset(digest for text in values for name in names for digest in _digest(name, text))


def _digest(type_name: str, text: str) -> list[bytes]:
    try:
        return [digest_of(type_name, ioc_types[type_name].normalise(text, explicit=True).value)]
    except Refusal:
        return []


def event_labels(head: Head) -> list[str]:
    """The tags of an event."""
    return labels(head.marking)
