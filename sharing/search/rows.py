"""Entries as rows of a list: one per value, with everything the viewer's views say of it together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import NamedTuple

from iocmarket.accounts.viewer import Viewer
from iocmarket.indicators import scoring
from iocmarket.indicators.models import Indicator
from iocmarket.indicators.types import ioc_types
from iocmarket.kernel import clock
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


@dataclass(slots=True, kw_only=True)
class Row:
    """One value in a list: the strictest labels, the highest score, the union of what was said (domain.md, rule 3)."""

    indicator: Named
    updated: datetime
    """When the newest of its entries became what it is."""
    marking: Marking
    state: str
    score: int
    threat_types: list[str]
    institutions: int
    subtree: bool
    first_seen: datetime | None
    last_seen: datetime | None
    valid_until: datetime | None


class _Told(NamedTuple):
    """What a row needs of one entry: a thousand whole objects would cost more than the rest of a page."""

    indicator_id: int
    public_id: str
    type: str
    value: str
    date_added: datetime
    state: str
    tlp: int
    pap: int
    base_score: float
    threat_types: list[str]
    institutions: int
    subtree: bool
    first_seen: datetime | None
    last_seen: datetime | None
    valid_until: datetime | None


_TOLD = Prepared[Exit](
    lambda exit_: Entry.objects.filter(
        read_by(exit_), Among("indicator_id"), state__in=[_LIVE, _EXPIRED]
    ).values_list(
        "indicator_id", "indicator__public_id", "indicator__type", "indicator__value", "date_added", "state", "tlp",
        "pap", "base_score", "threat_types", "institutions", "subtree", "first_seen", "last_seen", "valid_until",
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
        indicator.pk, str(indicator.public_id), indicator.type, indicator.value, entry.date_added, entry.state,
        entry.tlp, entry.pap, entry.base_score, entry.threat_types, entry.institutions, entry.subtree,
        entry.first_seen, entry.last_seen, entry.valid_until,
    )  # fmt: skip


def _row(entries: list[_Told], moment: datetime) -> Row:
    """`entries` are those of one value; at least one."""
    first = entries[0]
    lifetime = ioc_types[first.type].lifetime_days
    if len(entries) > 1:
        return _merged(entries, moment, lifetime)
    return Row(
        indicator=Named(first.public_id, first.type, first.value),
        updated=first.date_added,
        marking=_marking(first.tlp, first.pap),
        state=first.state,
        score=round(_score(first, moment, lifetime)),
        threat_types=sorted(first.threat_types),
        institutions=first.institutions,
        subtree=first.subtree,
        first_seen=first.first_seen,
        last_seen=first.last_seen,
        valid_until=first.valid_until,
    )


def _merged(entries: list[_Told], moment: datetime, lifetime_days: int) -> Row:
    first = entries[0]
    live = any(entry.state == _LIVE for entry in entries)
    return Row(
        indicator=Named(first.public_id, first.type, first.value),
        updated=max(entry.date_added for entry in entries),
        marking=_marking(max(entry.tlp for entry in entries), max(entry.pap for entry in entries)),
        state=_LIVE if live else _EXPIRED,
        score=round(max(_score(entry, moment, lifetime_days) for entry in entries)),
        threat_types=sorted({threat for entry in entries for threat in entry.threat_types}),
        institutions=max(entry.institutions for entry in entries),
        subtree=any(entry.subtree for entry in entries),
        first_seen=min((entry.first_seen for entry in entries if entry.first_seen), default=None),
        last_seen=max((entry.last_seen for entry in entries if entry.last_seen), default=None),
        valid_until=max((entry.valid_until for entry in entries if entry.valid_until), default=None),
    )


@cache
def _marking(tlp: int, pap: int) -> Marking:
    return Marking(TLP(tlp), PAP(pap))


def _score(entry: _Told, moment: datetime, lifetime_days: int) -> float:
    if entry.state != _LIVE or entry.last_seen is None:
        return 0.0
    return scoring.score_at(moment, base=entry.base_score, last_seen=entry.last_seen, lifetime_days=lifetime_days)
