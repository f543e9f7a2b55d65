"""When a value was shared, confirmed and for how long it is valid: lanes of bars over days, and the same as a table.

Everything follows from the statements that the viewer may read; the drawing is in SVG attributes alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from sharing.search.value import Statement

WIDTH, HEIGHT = 200.0, 28.0
"""Of one lane, in units of its view box."""
_TALLEST, _BASE_HEIGHT = 22.0, 12.0
AHEAD_LEAST = timedelta(days=14)
DAYS_NAMED = 8
"""So many days are read aloud; the table has them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One rectangle; all numbers are SVG attributes."""

    kind: str
    x: str
    width: str
    y: str = "0"
    height: str = str(HEIGHT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One line of the drawing, with the sentence that says the same."""

    label: str
    total: str
    said: str
    bars: list[Bar]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """The drawing and its table: `rows` are (day, shared by others, shared by us, confirmed)."""

    lanes: list[Lane]
    marks: list[str]
    rows: list[tuple[date, int, int, int]]


_LANES: tuple[tuple[str, str | Promise], ...] = (
    ("share", gettext_lazy("Shared by others")),
    ("mine", gettext_lazy("Shared by you")),
    ("seen", gettext_lazy("Confirmed")),
)


def timeline_of(statements: Sequence[Statement], *, valid_until: datetime | None, now: datetime) -> Timeline:
    """The timeline of at least one statement. Raises ValueError for none."""
    counts = [_shared(statements, mine=False), _shared(statements, mine=True), _confirmed(statements)]
    first = min(timezone.localtime(said.contribution.created_at).date() for said in statements)
    axis = _axis(first, timezone.localtime(now).date(), valid_until)
    lanes = [_lane(axis, kind, str(label), found) for (kind, label), found in zip(_LANES, counts, strict=True) if found]
    if valid_until is not None:
        lanes.append(_validity(axis, first, timezone.localtime(valid_until).date()))
    days = sorted({day for found in counts for day in found})
    rows = [(day, counts[0][day], counts[1][day], counts[2][day]) for day in days]
    return Timeline(lanes=lanes, marks=axis.marks(), rows=rows)


def _shared(statements: Sequence[Statement], *, mine: bool) -> Counter[date]:
    return Counter(timezone.localtime(said.contribution.created_at).date() for said in statements if said.mine is mine)


def _confirmed(statements: Sequence[Statement]) -> Counter[date]:
    told = [said.contribution for said in statements]
    return Counter(timezone.localtime(row.refreshed_at).date() for row in told if row.refreshed_at > row.created_at)


@dataclass(frozen=True, slots=True)
class _Axis:
    """Days from `first` to `last`, with today among them."""

    first: date
    today: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    def x(self, day: date) -> float:
        return WIDTH * min(max((day - self.first).days, 0), self.days) / self.days

    def marks(self) -> list[str]:
        count = min(6, self.days)
        step = (self.days - 1) / max(count - 1, 1)
        return [date_format(self.first + timedelta(days=round(step * number)), "j N") for number in range(count)]

    def now(self) -> Bar:
        return Bar(kind="today", x=f"{self.x(self.today) + WIDTH / self.days / 2:.2f}", width="0.6")


def _axis(first: date, today: date, valid_until: datetime | None) -> _Axis:
    """From a day before the first statement to the end of validity, but never further ahead than back."""
    last = today
    if valid_until is not None:
        farthest = today + max(today - first, AHEAD_LEAST)
        last = max(today, min(timezone.localtime(valid_until).date(), farthest))
    return _Axis(first - timedelta(days=1), today, last + timedelta(days=1))


def _lane(axis: _Axis, kind: str, label: str, found: Counter[date]) -> Lane:
    highest = max(found.values())
    width = max(WIDTH / axis.days * 0.8, 1.2)
    bars = []
    for day, count in sorted(found.items()):
        height = _BASE_HEIGHT + (_TALLEST - _BASE_HEIGHT) * (count - 1) / max(highest - 1, 1)
        bars.append(
            Bar(
                kind=kind,
                x=f"{axis.x(day):.2f}",
                width=f"{width:.2f}",
                y=f"{HEIGHT - height:.1f}",
                height=f"{height:.1f}",
            )
        )
    total = found.total()
    told = [
        _("%(day)s: %(count)d") % {"day": date_format(day, "j N"), "count": count}
        for day, count in sorted(found.items())
    ]
    days = ", ".join(told[:DAYS_NAMED]) + ("…" if len(told) > DAYS_NAMED else "")
    said = ngettext("%(count)d time; %(days)s", "%(count)d times; %(days)s", total) % {"count": total, "days": days}
    return Lane(label=label, total=str(total), said=f"{label}. {said}", bars=[*bars, axis.now()])


def _validity(axis: _Axis, first: date, until: date) -> Lane:
    half = WIDTH / axis.days / 2
    start, today, end = (axis.x(day) + half for day in (first, min(axis.today, until), until))
    end = min(end, WIDTH)
    bars = []
    for kind, left, right in (("span", start, today), ("span-ahead", today, end)):
        if right > left:
            bars.append(Bar(kind=kind, x=f"{left:.2f}", width=f"{right - left:.2f}", y="10", height="8"))
    said = _("Valid from %(first)s to %(until)s") % {
        "first": date_format(first, "j N Y"),
        "until": date_format(until, "j N Y"),
    }
    length = _("%(count)d d") % {"count": max((until - first).days, 1)}
    return Lane(label=_("Valid"), total=length, said=said, bars=[*bars, axis.now()])
