"""Entries as rows of a list: one per value, with everything the viewer's views say of it together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from iocmarket.accounts.viewer import Viewer
from iocmarket.indicators.models import Indicator
from iocmarket.indicators.types import ioc_types
from iocmarket.kernel import clock
from iocmarket.kernel.marking import PAP, TLP, Marking
from iocmarket.publication.access import statements_of
from iocmarket.publication.models import Entry
from sharing.search.value import score_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One value in a list: the strictest labels, the highest score, the union of what was said (domain.md, rule 3)."""

    entry: Entry
    """Its newest entry."""
    indicator: Indicator
    marking: Marking
    state: str
    score: int
    threat_types: list[str]
    institutions: int
    subtree: bool
    first_seen: datetime | None
    last_seen: datetime | None
    valid_until: datetime | None


def one_per_value(entries: Iterable[Entry], *, viewer: Viewer) -> list[Row]:
    """One row per value, in the order in which the values first appear. One statement more, whatever their number."""
    order = list(dict.fromkeys(entry.indicator_id for entry in entries))
    return rows_of([pk for pk in order if pk is not None], viewer=viewer)


def rows_of(indicator_ids: list[int], *, viewer: Viewer) -> list[Row]:
    """The rows of these indicators, in this order; none for what the viewer's views do not hold."""
    together: dict[int, list[Entry]] = defaultdict(list)
    for entry in statements_of(viewer).filter(indicator__in=indicator_ids or [0]):
        if entry.indicator_id is not None:
            together[entry.indicator_id].append(entry)
    moment = clock.now()
    return [_row(together[pk], moment) for pk in indicator_ids if pk in together]


def _row(entries: list[Entry], moment: datetime) -> Row:
    """`entries` are those of one value, the newest first; at least one."""
    newest = entries[0]
    indicator = newest.indicator
    if indicator is None:
        raise ValueError("a row is made of entries that have an indicator")
    lifetime = ioc_types[indicator.type].lifetime_days
    live = any(entry.state == Entry.State.LIVE for entry in entries)
    return Row(
        entry=newest,
        indicator=indicator,
        marking=Marking(TLP(max(entry.tlp for entry in entries)), PAP(max(entry.pap for entry in entries))),
        state=(Entry.State.LIVE if live else Entry.State.EXPIRED).value,
        score=round(max(score_of(entry, moment, lifetime) for entry in entries)),
        threat_types=sorted({threat for entry in entries for threat in entry.threat_types}),
        institutions=max(entry.institutions for entry in entries),
        subtree=any(entry.subtree for entry in entries),
        first_seen=min((entry.first_seen for entry in entries if entry.first_seen), default=None),
        last_seen=max((entry.last_seen for entry in entries if entry.last_seen), default=None),
        valid_until=max((entry.valid_until for entry in entries if entry.valid_until), default=None),
    )
