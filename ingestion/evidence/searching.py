"""Searching the records of archives: a literal text in any case, by dataset and time, page by page in their order.

A page goes on behind the last record of the one before: by instant, then by id; records without an instant come last.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

from ingestion.evidence import reading
from ingestion.evidence.admitting import Admitted
from ingestion.evidence.models import Archive
from iocmarket.kernel.clock import MICROSECOND
from iocmarket.kernel.decision import Refusal

SEARCHED = (
    "message", "winlog.event_data", "file.path", "process.executable", "process.command_line", "registry.key",
    "url.full",
)  # fmt: skip
"""The columns in which the text is looked for."""
LIMIT_DEFAULT, LIMIT_MAX = 100, 1000
TEXT_MAX = 500
NAMES = ("q", "dataset", "since", "until")
_CURSOR = re.compile(r"(-?\d{1,18}|none)-([0-9a-f]{32})", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_AT = 'epoch_us("@timestamp")'


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for."""

    text: str = ""
    datasets: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    limit: int = LIMIT_DEFAULT
    after: str = ""

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Self:
        """Raises Refusal for what cannot be asked: `unknown_filter`, `bad_limit`, `bad_moment`, `bad_cursor`."""
        if unknown := sorted(set(query) - {*NAMES, "limit", "after"}):
            raise Refusal("unknown_filter", f"there is no parameter {unknown[0][:40]!r}", where=unknown[0][:40])
        text, after = query.get("q", ""), query.get("after", "")
        if len(text) > TEXT_MAX:
            raise Refusal("bad_search", f"at most {TEXT_MAX} characters are looked for", where="q")
        if after and _CURSOR.fullmatch(after) is None:
            raise Refusal("bad_cursor", "the cursor is none of those that this list gave", where="after")
        named = tuple(filter(None, query.get("dataset", "").split(",")))
        since, until = (_moment(query.get(name, ""), name) for name in ("since", "until"))
        return cls(text, named, since, until, _limit(query.get("limit", "")), after)


@dataclass(frozen=True, slots=True)
class Found:
    """A page of records; `next` is empty on the last one."""

    records: Sequence[dict[str, Any]]
    next: str = ""


@dataclass(slots=True)
class _Terms:
    """Conditions of SQL with the values for their marks."""

    said: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)

    def add(self, said: str, *values: Any) -> None:
        self.said.append(said)
        self.values += values


def search(archive: Archive, wanted: Wanted, admitted: Admitted) -> Found:
    """One page of one archive."""
    terms = _Terms()
    terms.add(admitted.condition)
    if wanted.text:
        looked = " OR ".join(f'contains(lower("{name}"), ?)' for name in SEARCHED)
        terms.add(f"({looked})", *[wanted.text.lower()] * len(SEARCHED))
    for moment, compared in ((wanted.since, ">="), (wanted.until, "<")):
        if moment is not None:
            terms.add(f"{_AT} {compared} ?", (moment - _EPOCH) // MICROSECOND)
    if wanted.after:
        _behind(terms, wanted.after)
    found = list(
        reading.rows(
            archive,
            datasets=wanted.datasets or None,
            where=" AND ".join(terms.said),
            params=terms.values,
            order='"@timestamp" NULLS LAST, "event.id"',
            limit=wanted.limit + 1,
        )
    )
    shown = found[: wanted.limit]
    return Found(shown, _cursor(shown[-1]) if len(found) > wanted.limit else "")


def _behind(terms: _Terms, cursor: str) -> None:
    at, _dash, number = cursor.rpartition("-")
    if at == "none":
        terms.add('"@timestamp" IS NULL AND "event.id" > ?', number)
        return
    terms.add(f'({_AT} > ? OR {_AT} = ? AND "event.id" > ? OR "@timestamp" IS NULL)', int(at), int(at), number)


def _cursor(record: Mapping[str, Any]) -> str:
    at = record.get("@timestamp")
    micros = (datetime.fromisoformat(at) - _EPOCH) // MICROSECOND if at else "none"
    return f"{micros}-{record['event.id']}"


def _limit(said: str) -> int:
    if said and not (said.isascii() and said.isdigit() and 1 <= int(said[:9]) <= LIMIT_MAX):
        raise Refusal("bad_limit", f"limit is a whole number from 1 to {LIMIT_MAX}", where="limit")
    return int(said) if said else LIMIT_DEFAULT


def _moment(said: str, name: str) -> datetime | None:
    """An instant; one without an offset is in UTC."""
    if not said:
        return None
    try:
        moment = datetime.fromisoformat(said)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Refusal("bad_moment", f"{name} is a moment as in 2026-11-03T10:15:00Z", where=name) from error
