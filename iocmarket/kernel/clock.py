"""The one clock of the program, and the two ways in which time is written in what leaves it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

MICROSECOND = timedelta(microseconds=1)


def now() -> datetime:
    """The present, aware, in UTC."""
    return datetime.now(UTC)


def stamp(moment: datetime) -> str:
    """RFC 3339 in UTC with exactly six decimals, as TAXII 2.1 section 2 asks and STIX 2.1 section 3.2 allows."""
    # Five times as fast as strftime; a page of a list has four thousand of them.
    return moment.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"
