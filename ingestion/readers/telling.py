"""What readers of other tools' files share: a value told by its type, dates, what may be kept of a text. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from ingestion.readers import credentials
from ingestion.readers.base import Candidate, shown
from ingestion.readers.files import Told
from iocmarket.indicators.recognise import recognise
from iocmarket.kernel.decision import Refusal

COMMENT_MAX = 2000
TITLE_MAX = 200
DESCRIPTION_MAX = 20_000
TAG_MAX = 100
TAGS_MAX = 50
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_OFFSET = re.compile(r"[+-]\d{4}$")
_EPOCH = {10: 1, 13: 1_000, 16: 1_000_000}
"""How many units of an epoch of so many digits make a second, from 2001 to 2286."""


def told(line: int, value: str, kind: str | None, said: Mapping[str, Any], *, warnings: Iterable[str] = ()) -> Told:
    """One value of that type (None: whatever it looks like), or why it is none. Never raises."""
    raw = shown(credentials.redact_value(value))
    try:
        if credentials.holds_secret(value):
            raise credentials.refusal()
        found = recognise(value, kind)
    except Refusal as refusal:
        return Told(Candidate(line, raw, kind, refusal=refusal))
    canonical = found.canonical
    if extra := tuple(warnings):
        canonical = replace(canonical, warnings=(*canonical.warnings, *extra))
    return Told(Candidate(line, raw, found.type.name, canonical), said)


def refused(line: int, raw: str, code: str, detail: str) -> Told:
    """An item that is refused; `raw` is already fit to be shown but for its length and secrets."""
    return Told(Candidate(line, shown(credentials.redact_value(raw)), refusal=Refusal(code, detail)))


def plain(value: object, longest: int = COMMENT_MAX) -> str:
    """A text as it may be kept, without secrets and control characters, cut; empty for anything that is no text."""
    if not isinstance(value, str):
        return ""
    text = credentials.redact(_UNFIT.sub("", value)).strip()
    return text if len(text) <= longest else text[: longest - 1] + "…"


def moment_of(value: object, present: datetime) -> str | None:
    """A moment of the past in ISO 8601, from that or from an epoch in seconds, milli- or microseconds; else None.

    Tools date by their own clocks: a moment that is none, or still to come, is left out rather than an item refused.
    """
    found = _moment(value)
    return found.isoformat() if found is not None and _EARLIEST <= found <= present else None


def _moment(value: object) -> datetime | None:
    text = str(value).strip() if isinstance(value, (str, int, float)) and not isinstance(value, bool) else ""
    whole = text.partition(".")[0]
    try:
        if whole.isascii() and whole.isdigit():
            units = _EPOCH.get(len(whole))
            return datetime.fromtimestamp(int(whole) / units, UTC) if units else None
        found = datetime.fromisoformat(_OFFSET.sub(lambda match: f"{match[0][:3]}:{match[0][3:]}", text))
    except (ValueError, OverflowError, OSError):
        return None
    return (
        (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC) if _EARLIEST.year < found.year else None
    )


def without_empty(said: Mapping[str, Any]) -> dict[str, Any]:
    """What is said, without what is not."""
    return {name: value for name, value in said.items() if value not in (None, "", [], ())}


def dict_of(value: Any) -> Mapping[str, Any]:
    """An object of a JSON document; empty for anything else."""
    return value if isinstance(value, dict) else {}


def dicts_of(value: Any) -> list[Mapping[str, Any]]:
    """The objects in a list of a JSON document; what is none is left out."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
