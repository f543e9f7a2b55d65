"""The filters of a list of values: named, typed, checked; and what each of them asks of an entry."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from django.http import QueryDict
from django.utils.dateparse import parse_date, parse_datetime

from iocmarket.indicators.recognise import recognise
from iocmarket.indicators.threats import ThreatType
from iocmarket.indicators.types import ioc_types
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.marking import TLP
from sharing.search.reach import Reach, reach_of, under

NAMES = (
    "value", "type", "threat_type", "tlp", "institution", "tag", "since", "updated_since", "score_min", "state",
    "mine", "q",
)  # fmt: skip
STATES = ("live", "expired")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What a list is narrowed to; nothing given means everything visible, live and expired."""

    reach: Reach | None = None
    types: frozenset[str] = frozenset()
    threat_types: frozenset[str] = frozenset()
    tlps: frozenset[TLP] = frozenset()
    institution: str | UUID | None = None
    """A name or a public id. Anonymous statements match none."""
    tag: str = ""
    since: datetime | None = None
    updated_since: datetime | None = None
    score_min: float | None = None
    state: str = ""
    mine: bool = False
    words: str = ""


def read_filters(query: QueryDict, *, beside: tuple[str, ...] = ()) -> Filters:
    """The filters of a query, which may have the parameters `beside` too.

    Raises Refusal: `unknown_filter`, `bad_filter`, with the parameter as `where`.
    """
    permitted = [*NAMES, *beside]
    if unknown := sorted(set(query) - set(permitted)):
        detail = f"there is no filter {unknown[0][:40]!r}; the filters are {', '.join(permitted)}"
        raise Refusal("unknown_filter", detail, where=unknown[0][:40])
    return Filters(
        reach=_reach(_last(query, "value")),
        types=_several(query, "type", [kind.name for kind in ioc_types]),
        threat_types=_several(query, "threat_type", ThreatType.values),
        tlps=_tlps(query),
        institution=_institution(_last(query, "institution")),
        tag=_text(query, "tag", 100),
        since=_moment(query, "since"),
        updated_since=_moment(query, "updated_since"),
        score_min=_score(_last(query, "score_min")),
        state=_one_of(query, "state", STATES),
        mine=_one_of(query, "mine", ("0", "1", "false", "true")) in {"1", "true"},
        words=_text(query, "q", 200),
    )


def _reach(text: str) -> Reach | None:
    if not text:
        return None
    try:
        return under(text) if text.startswith(".") else reach_of(recognise(text))
    except Refusal as refusal:
        raise Refusal("bad_filter", refusal.detail, where="value") from refusal


def _last(query: QueryDict, name: str) -> str:
    given = query.getlist(name)
    if len(given) > 1:
        raise Refusal("bad_filter", f"{name} is given {len(given)} times", where=name)
    text = given[0].strip() if given else ""
    if "\x00" in text:
        raise Refusal("bad_filter", f"{name} contains a NUL character", where=name)
    return text


def _text(query: QueryDict, name: str, longest: int) -> str:
    text = _last(query, name)
    if len(text) > longest:
        raise Refusal("bad_filter", f"{name} has at most {longest} characters", where=name)
    return text


def _several(query: QueryDict, name: str, permitted: Iterable[str]) -> frozenset[str]:
    listed = sorted(permitted)
    given = {word.strip() for text in query.getlist(name) for word in text.split(",") if word.strip()}
    if unknown := sorted(given - set(listed)):
        raise Refusal("bad_filter", f"{unknown[0][:40]!r} is no {name}; one of {', '.join(listed)}", where=name)
    return frozenset(given)


def _tlps(query: QueryDict) -> frozenset[TLP]:
    given = [word for text in query.getlist("tlp") for word in text.split(",") if word.strip()]
    try:
        return frozenset(TLP.parse(word.strip().replace(" ", "+")) for word in given)  # `+` arrives as a space
    except Refusal as refusal:
        raise Refusal("bad_filter", refusal.detail, where="tlp") from refusal


def _one_of(query: QueryDict, name: str, permitted: tuple[str, ...]) -> str:
    given = _last(query, name)
    if given and given not in permitted:
        raise Refusal("bad_filter", f"{given[:40]!r} is no {name}; one of {', '.join(permitted)}", where=name)
    return given


def _institution(text: str) -> str | UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return text


def _score(text: str) -> float | None:
    if not text:
        return None
    if not re.fullmatch(r"\d{1,3}(\.\d{1,3})?", text, re.ASCII) or float(text) > 100:
        raise Refusal("bad_filter", "score_min is a number from 0 to 100", where="score_min")
    return float(text)


def _moment(query: QueryDict, name: str) -> datetime | None:
    text = _last(query, name).replace(" ", "+")  # the plus of an offset arrives as a space
    if not text:
        return None
    try:
        found = parse_datetime(text)
        day = parse_date(text) if found is None else None
    except ValueError:
        found = day = None
    if found is None and day is None:
        raise Refusal("bad_filter", f"{name} is a date or a moment, such as 2026-11-20T08:30:00Z", where=name)
    moment = found or datetime.combine(day, datetime.min.time())  # type: ignore[arg-type]
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
