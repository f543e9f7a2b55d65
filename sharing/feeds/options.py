"""The query of a feed: every option named, typed and checked. An unknown one is refused, never ignored."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache, cached_property

import orjson
from django.http import QueryDict

from iocmarket.indicators.threats import ThreatType
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.marking import TLP
from sharing.feeds.formats.base import Format, Free, LineFormat

COMMON = ("type", "threat_type", "score_min", "age", "limit", "tlp_max")
_AGE = re.compile(r"(\d{1,5})([dh]?)")


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a consumer asked for. Empty `types` or `threat_types`: all of them."""

    types: frozenset[str] = frozenset()
    threat_types: frozenset[str] = frozenset()
    score_min: float | None = None
    """None: the community's threshold in formats that block, nothing in the others."""
    age: timedelta | None = None
    limit: int | None = None
    tlp_max: TLP | None = None
    own: Mapping[str, str] = field(default_factory=dict)
    """The format's own options, all of them, defaults included."""

    @property
    def narrowed(self) -> bool:
        """Whether anything is left out because of them."""
        return any(
            [
                *(self.types, self.threat_types, self.score_min is not None, self.age is not None),
                *(self.limit is not None, self.tlp_max is not None),
            ]
        )

    @cached_property
    def digest(self) -> bytes:
        """Equal for equal requests, however they were written."""
        told = {
            "types": sorted(self.types),
            "threat_types": sorted(self.threat_types),
            "score_min": self.score_min,
            "age": None if self.age is None else self.age.total_seconds(),
            "limit": self.limit,
            "tlp_max": self.tlp_max,
            "own": dict(self.own),
        }
        return hashlib.sha256(orjson.dumps(told, option=orjson.OPT_SORT_KEYS)).digest()


def read_options(query: QueryDict, fmt: Format) -> Options:
    """The options of a request. Raises Refusal(`unknown_option`, or `bad_option` with the option as `where`)."""
    if not query:
        return _unasked(fmt)
    permitted = list(dict.fromkeys([*COMMON, *fmt.options, *fmt.free]))
    if unknown := sorted(set(query) - set(permitted) - {"explain"}):
        detail = f"there is no option {unknown[0][:40]!r}; the options are {', '.join([*permitted, 'explain'])}"
        raise Refusal("unknown_option", detail, where=unknown[0][:40])
    own = _own(query, fmt)
    return Options(
        types=frozenset() if "type" in own else _several(query, "type", [kind.name for kind in fmt.types()]),
        threat_types=_several(query, "threat_type", ThreatType.values),
        score_min=_number(query, "score_min", most=100),
        age=_age(query),
        limit=_whole(query, "limit"),
        tlp_max=_tlp(query),
        own=own if isinstance(fmt, LineFormat) else {},
    )


@cache
def _unasked(fmt: Format) -> Options:
    """What most consumers ask for: nothing in particular."""
    return Options(own=fmt.filled({}) if isinstance(fmt, LineFormat) else {})


def _own(query: QueryDict, fmt: Format) -> dict[str, str]:
    """The format's own options, and whether they go together."""
    own = {name: _one_of(query, name, values) for name, values in fmt.options.items()}
    own |= {name: _free(query, name, free) for name, free in fmt.free.items()}
    try:
        fmt.check(own)
    except ValueError as error:
        raise Refusal("bad_option", str(error)) from error
    return own


def _free(query: QueryDict, name: str, free: Free) -> str:
    given = _last(query, name)
    try:
        return "" if given is None else free.read(given)
    except ValueError as error:
        raise Refusal("bad_option", f"{name}: {error}", where=name) from error


def _last(query: QueryDict, name: str) -> str | None:
    given = query.getlist(name)
    if len(given) > 1:
        raise Refusal("bad_option", f"{name} is given {len(given)} times", where=name)
    return given[0].strip() if given and given[0].strip() else None


def _several(query: QueryDict, name: str, permitted: Iterable[str]) -> frozenset[str]:
    listed = sorted(permitted)
    given = {word.strip() for text in query.getlist(name) for word in text.split(",") if word.strip()}
    if unknown := sorted(given - set(listed)):
        detail = f"{unknown[0][:40]!r} is no {name} of this feed; one of {', '.join(listed)}"
        raise Refusal("bad_option", detail, where=name)
    return frozenset(given)


def _one_of(query: QueryDict, name: str, permitted: tuple[str, ...]) -> str:
    given = _last(query, name) or permitted[0]
    if given not in permitted:
        raise Refusal("bad_option", f"{given[:40]!r} is no {name}; one of {', '.join(permitted)}", where=name)
    return given


def _number(query: QueryDict, name: str, *, most: int) -> float | None:
    given = _last(query, name)
    if given is None:
        return None
    if not re.fullmatch(r"\d{1,3}(\.\d{1,3})?", given, re.ASCII) or float(given) > most:
        raise Refusal("bad_option", f"{name} is a number from 0 to {most}", where=name)
    return float(given)


def _whole(query: QueryDict, name: str) -> int | None:
    given = _last(query, name)
    if given is None:
        return None
    if not re.fullmatch(r"[1-9]\d{0,8}", given, re.ASCII):
        raise Refusal("bad_option", f"{name} is a whole number from 1", where=name)
    return int(given)


def _age(query: QueryDict) -> timedelta | None:
    given = _last(query, "age")
    if given is None:
        return None
    found = _AGE.fullmatch(given)
    if found is None or not given.isascii() or int(found[1]) == 0:
        raise Refusal("bad_option", "age is a number of days (30d, or 30) or of hours (12h)", where="age")
    return timedelta(hours=int(found[1])) if found[2] == "h" else timedelta(days=int(found[1]))


def _tlp(query: QueryDict) -> TLP | None:
    given = _last(query, "tlp_max")
    if given is None:
        return None
    try:
        return TLP.parse(given.replace(" ", "+"))  # an unescaped plus arrives as a space
    except Refusal as refusal:
        raise Refusal("bad_option", refusal.detail, where="tlp_max") from refusal
