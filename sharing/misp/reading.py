"""Parameters as MISP's clients write them: numbers as text, one or a list, moments in five spellings. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.utils.dateparse import parse_date, parse_datetime

from iocmarket.kernel.decision import Refusal

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_AGO = re.compile(r"(\d{1,12})([smhdw])?", re.ASCII | re.IGNORECASE)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def is_true(value: Any) -> bool:
    """Flags come as true, 1, "1" and "true"."""
    return value is True or (value is not False and str(value).strip().lower() in {"1", "true", "yes", "on"})


def flag(value: Any) -> bool | None:
    """A flag that may be left open: nothing and [0, 1] ask for both."""
    found = {is_true(one) for one in texts(value)}
    return found.pop() if len(found) == 1 else None


def whole(name: str, value: Any, *, default: int) -> int:
    """A whole number, not negative. Raises Refusal(`bad_parameter`)."""
    if value is None or value is False or value == "":
        return default
    text = str(value).strip()
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise Refusal("bad_parameter", f"{name} is a whole number", where=name)
    return int(text)


def texts(value: Any) -> list[str]:
    """One, or a list of any depth, as a flat list of texts; nothing for nothing. `a||b` is two in a path."""
    if value is None or value == "":
        return []
    if isinstance(value, list | tuple):
        return [text for one in value for text in texts(one)]
    if isinstance(value, Mapping):
        return [text for one in value.values() for text in texts(one)]
    return [part for part in str(value).split("||") if part] if isinstance(value, str) else [str(value)]


@dataclass(frozen=True, slots=True)
class Choice:
    """What must be met: one of `any`, all of `all`, none of `none`; `%` stands for anything."""

    any: tuple[str, ...] = ()
    all: tuple[str, ...] = ()
    none: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.any or self.all or self.none)

    def admits(self, found: Iterable[str]) -> bool:
        """Whether a thing with these names is asked for."""
        if not self:
            return True
        listed = [name.casefold() for name in found]

        def met(pattern: str) -> bool:
            return any(_like(pattern, name) for name in listed)

        return (not self.any or any(map(met, self.any))) and all(map(met, self.all)) and not any(map(met, self.none))

    @property
    def exact(self) -> tuple[str, ...]:
        """The names of which one must be met, where no pattern is among them."""
        return () if any("%" in name for name in self.any) else self.any


def choice(value: Any) -> Choice:
    """A scalar, a list (one of them), `!x` for not, or {"OR": …, "AND": …, "NOT": …}."""
    if isinstance(value, Mapping):
        by = {str(key).upper(): texts(each) for key, each in value.items()}
        return Choice(*(tuple(map(str.casefold, by.get(key, []))) for key in ("OR", "AND", "NOT")))
    listed = [text.casefold() for text in texts(value)]
    wanted = tuple(text for text in listed if not text.startswith("!"))
    return Choice(wanted, (), tuple(text[1:] for text in listed if text.startswith("!")))


def _like(pattern: str, name: str) -> bool:
    """Whether a name in small letters fits a pattern of SQL's LIKE, of which clients use `%` alone. Linear."""
    first, *parts = pattern.split("%")
    if not parts:
        return first == name
    if not name.startswith(first):
        return False
    place = len(first)
    for part in parts[:-1]:
        place = name.find(part, place)
        if place < 0:
            return False
        place += len(part)
    return len(name) - place >= len(parts[-1]) and name.endswith(parts[-1])


def span(value: Any, now: datetime) -> tuple[datetime | None, datetime | None]:
    """A moment: from then on; two: between them, in either order. What nobody can read is in the future: nothing."""
    listed = value if isinstance(value, list | tuple) else [value]
    found = [_moment(one, now) for one in listed if one is not None and one != ""]
    if not found:
        return None, None
    return (min(found), max(found)) if len(found) > 1 else (found[0], None)


def _moment(value: Any, now: datetime) -> datetime:
    text = str(value).strip()
    if match := _AGO.fullmatch(text):
        number, unit = int(match[1]), match[2]
        try:
            return now - timedelta(**{_UNITS[unit.lower()]: number}) if unit else _EPOCH + timedelta(seconds=number)
        except OverflowError:
            return _EPOCH if unit else now + timedelta(seconds=1)
    try:
        found = parse_datetime(text) or _day(text)
    except ValueError:
        found = None
    if found is None:
        return now + timedelta(seconds=1)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _day(text: str) -> datetime | None:
    found = parse_date(text)
    return None if found is None else datetime(found.year, found.month, found.day, tzinfo=UTC)


def day(name: str, value: Any, now: datetime) -> date | None:
    """A day; None for none. Raises Refusal(`bad_parameter`)."""
    since, _until = span(value if not isinstance(value, list) else value[:1], now)
    if since is None:
        return None
    if since > now:
        raise Refusal("bad_parameter", f"{name} is a day, YYYY-MM-DD", where=name)
    return since.date()
