"""Entries as rows of a list: one per value, with everything the viewer's views say of it together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from typing import NamedTuple

from django.db.models import TextField
from django.db.models.functions import Cast

from iocmarket.accounts.viewer import Viewer
from iocmarket.indicators import scoring
from iocmarket.indicators.models import Indicator
from iocmarket.indicators.types import ioc_types
from iocmarket.kernel import clock
from iocmarket.kernel.clock import stamp_of
from iocmarket.kernel.marking import PAP, TLP, Marking
from iocmarket.prepared import Among, Prepared
from iocmarket.publication.models import Entry
from iocmarket.publication.personal import personal_entries
from sharing.reading import Exit, read_by

_LIVE, _EXPIRED = Entry.State.LIVE.value, Entry.State.EXPIRED.value


class Named(NamedTuple):
    """What a list shows of an indicator."""

    public_id: str
    type: str
    value: str


class Stamps(NamedTuple):
    """The moments of a row as `clock.stamp` writes them: a thousand rows go out as text, so none is made a date."""

    updated: str
    first_seen: str | None
    last_seen: str | None
    valid_until: str | None


@dataclass(slots=True, kw_only=True)
class Row:
    """One value in a list: the strictest labels, the highest score, the union of what was said (domain.md, rule 3)."""

    indicator: Named
    marking: Marking
    state: str
    score: int
    threat_types: tuple[str, ...]
    institutions: int
    subtree: bool
    stamps: Stamps

    @property
    def updated(self) -> datetime:
        """When the newest of its entries became what it is."""
        return datetime.fromisoformat(self.stamps.updated)

    @property
    def last_seen(self) -> datetime | None:
        """When one of its institutions saw it last."""
        return _read(self.stamps.last_seen)

    @property
    def valid_until(self) -> datetime | None:
        """Until when it is vouched for."""
        return _read(self.stamps.valid_until)


class _Told(NamedTuple):
    """What a row needs of one entry: a thousand whole objects would cost more than the rest of a page.

    Moments and threat types are PostgreSQL's text, as `_text` asks for them.
    """

    indicator_id: int
    public_id: str
    type: str
    value: str
    state: str
    tlp: int
    pap: int
    base_score: float
    institutions: int
    subtree: bool
    threat_types: str
    date_added: str
    first_seen: str | None
    last_seen: str | None
    valid_until: str | None


def _text(column: str) -> Cast:
    return Cast(column, TextField())


_TOLD = Prepared[Exit](
    lambda exit_: Entry.objects.filter(
        read_by(exit_), Among("indicator_id"), state__in=[_LIVE, _EXPIRED]
    ).values_list(
        "indicator_id", "indicator__public_id", "indicator__type", "indicator__value", "state", "tlp", "pap",
        "base_score", "institutions", "subtree", _text("threat_types"), _text("date_added"), _text("first_seen"),
        _text("last_seen"), _text("valid_until"),
    )
)  # fmt: skip


def one_per_value(entries: Iterable[Entry], *, viewer: Viewer) -> list[Row]:
    """One row per value, in the order in which the values first appear. One statement more, whatever their number."""
    order = list(dict.fromkeys(entry.indicator_id for entry in entries))
    return rows_of([pk for pk in order if pk is not None], viewer=viewer)


def rows_of(indicator_ids: list[int], *, viewer: Viewer) -> list[Row]:
    """The rows of these indicators, in this order; none for what the viewer's views do not hold.

    One statement, for a person two.
    """
    together: dict[int, list[_Told]] = defaultdict(list)
    for told in map(_Told._make, _TOLD.rows(Exit.of(viewer), indicator_ids or [0])):
        together[told.indicator_id].append(told)
    for entry in personal_entries(viewer, indicator_ids):
        if entry.indicator is not None:
            told, held = _in_person(entry, entry.indicator), together[entry.indicator.pk]
            # A list has its order from the views: what is said in person besides moves no row.
            held.append(told._replace(date_added=held[0].date_added) if held else told)
    moment = clock.now()
    return [_row(together[pk], moment) for pk in indicator_ids if pk in together]


def _in_person(entry: Entry, indicator: Indicator) -> _Told:
    """What is told to the viewer's person alone, like what a view holds."""
    return _Told(
        indicator.pk, str(indicator.public_id), indicator.type, indicator.value, entry.state, entry.tlp, entry.pap,
        entry.base_score, entry.institutions, entry.subtree, f"{{{','.join(entry.threat_types)}}}",
        str(entry.date_added), *map(_written, (entry.first_seen, entry.last_seen, entry.valid_until)),
    )  # fmt: skip


def _written(moment: datetime | None) -> str | None:
    return None if moment is None else str(moment)


def _row(entries: list[_Told], moment: datetime) -> Row:
    """`entries` are those of one value; at least one."""
    first = entries[0]
    lifetime = ioc_types[first.type].lifetime_days
    if len(entries) > 1:
        return _merged(entries, moment, lifetime)
    stamps = _stamps(first)
    return Row(
        indicator=Named(first.public_id, first.type, first.value),
        marking=_marking(first.tlp, first.pap),
        state=first.state,
        score=round(_score(first, stamps.last_seen, moment, lifetime)),
        threat_types=_threat_types(first.threat_types),
        institutions=first.institutions,
        subtree=first.subtree,
        stamps=stamps,
    )


def _merged(entries: list[_Told], moment: datetime, lifetime_days: int) -> Row:
    first, stamps = entries[0], [_stamps(entry) for entry in entries]
    live = any(entry.state == _LIVE for entry in entries)
    scores = [_score(entry, own.last_seen, moment, lifetime_days) for entry, own in zip(entries, stamps, strict=True)]
    return Row(
        indicator=Named(first.public_id, first.type, first.value),
        marking=_marking(max(entry.tlp for entry in entries), max(entry.pap for entry in entries)),
        state=_LIVE if live else _EXPIRED,
        score=round(max(scores)),
        threat_types=tuple(sorted({threat for entry in entries for threat in _threat_types(entry.threat_types)})),
        institutions=max(entry.institutions for entry in entries),
        subtree=any(entry.subtree for entry in entries),
        stamps=Stamps(
            updated=max(own.updated for own in stamps),
            first_seen=min((own.first_seen for own in stamps if own.first_seen), default=None),
            last_seen=max((own.last_seen for own in stamps if own.last_seen), default=None),
            valid_until=max((own.valid_until for own in stamps if own.valid_until), default=None),
        ),
    )


def _stamps(told: _Told) -> Stamps:
    """Text of one length: its order is that of the moments."""
    first_seen, last_seen, valid_until = told.first_seen, told.last_seen, told.valid_until
    return Stamps(
        stamp_of(told.date_added),
        stamp_of(first_seen) if first_seen else None,
        stamp_of(last_seen) if last_seen else None,
        stamp_of(valid_until) if valid_until else None,
    )


@lru_cache(maxsize=1024)
def _threat_types(array: str) -> tuple[str, ...]:
    """Names of ThreatType, in which nothing asks for quotes."""
    return tuple(sorted(array[1:-1].split(","))) if array != "{}" else ()


@cache
def _marking(tlp: int, pap: int) -> Marking:
    return Marking(TLP(tlp), PAP(pap))


def _score(entry: _Told, last_seen: str | None, moment: datetime, lifetime_days: int) -> float:
    if entry.state != _LIVE or last_seen is None:
        return 0.0
    seen = datetime.fromisoformat(last_seen)
    return scoring.score_at(moment, base=entry.base_score, last_seen=seen, lifetime_days=lifetime_days)


def _read(stamp: str | None) -> datetime | None:
    return None if stamp is None else datetime.fromisoformat(stamp)
