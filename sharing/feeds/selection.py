"""What a feed carries: one line per value over all views of the viewer (domain.md, Views, PAP, Blocking guard).

One statement reads the entries, whatever their number; what blocks is decided over every view that the institution
has at its full ceiling, whatever the ceiling of the token that asks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from heapq import nsmallest
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from iocmarket.indicators import guard
from iocmarket.indicators.assets import verified_assets
from iocmarket.indicators.types import ioc_types
from iocmarket.kernel import clock
from iocmarket.kernel.marking import BLOCKING_PAP, PAP, TLP, Marking
from iocmarket.publication.models import Entry
from iocmarket.publication.scores import score_at
from sharing.feeds import numbers
from sharing.feeds.formats.base import LineFormat, Mode
from sharing.feeds.items import Item
from sharing.feeds.options import Options
from sharing.feeds.readable import Readable

GRAIN = timedelta(hours=1)
"""Scores and ages are taken at the full hour, so that a feed does not change by being asked for."""

REASONS: dict[str, str | Promise] = {
    "pap": _("its PAP does not permit an action that the attacker can notice"),
    "policy": _("policy of your institution: another statement that it received has a stricter PAP"),
    "score": _("its score is below the threshold"),
    "limit": _("others have a higher score, and the feed is limited"),
}


def moment_of(present: datetime) -> datetime:
    """The full hour at or before a moment."""
    return present.replace(minute=0, second=0, microsecond=0)


@dataclass(slots=True)
class Selection:
    """The lines in their stable order, and what was left out, by reason."""

    items: list[Item]
    left_out: list[tuple[Item, str]] = field(default_factory=list)

    @property
    def skipped(self) -> Counter[str]:
        """How many were left out, by reason."""
        return Counter(reason for _item, reason in self.left_out)


class _Row(NamedTuple):
    indicator_id: int
    view_id: int
    state: str
    tlp: int
    pap: int
    threat_types: list[str]
    subtree: bool
    institutions: int
    first_seen: datetime
    last_seen: datetime
    valid_until: datetime
    version: datetime
    public_id: UUID
    type: str
    value: str
    score: float
    sid: int | None


def select(readable: Readable, fmt: LineFormat, options: Options, *, present: datetime | None = None) -> Selection:
    """The values that the feed carries for whoever reads these views. Constant number of statements."""
    moment = moment_of(present or clock.now())
    block = fmt.mode is Mode.BLOCK
    chosen: list[Item] = []
    result = Selection([])
    judge = _Judge(options, block=block)
    unnumbered: dict[UUID, int] = {}
    for group in _by_value(fmt, readable, moment, block=block):
        item = _merged([row for row in group if _speaks(row, readable, moment)])
        if item is None or not _wanted(item, options, moment):
            continue
        if reason := judge.against(item, _strictest_pap(group, readable)):
            result.left_out.append((item, reason))
            continue
        if fmt.numbered and item.sid is None:
            unnumbered[item.public_id] = group[0].indicator_id
        chosen.append(item)
    chosen = _limited(chosen, options.limit, result)
    result.items = _numbered(chosen, unnumbered)
    result.items.sort(key=lambda item: (item.type, item.value))
    return result


def _by_value(fmt: LineFormat, readable: Readable, moment: datetime, *, block: bool) -> Iterator[list[_Row]]:
    """The entries of each value. Expired ones speak only in the decision to block."""
    state = Q(state=Entry.State.LIVE)
    if block:
        state |= Q(state=Entry.State.EXPIRED, pap__gt=BLOCKING_PAP)
    found = (
        Entry.objects.filter(
            state,
            view__in=[view.pk for view in readable.every],
            indicator__type__in=[kind.name for kind in fmt.types()],
        )
        .annotate(score=score_at(moment))
        .order_by("indicator_id", "view_id")
        .values_list(
            "indicator_id", "view_id", "state", "tlp", "pap", "threat_types", "subtree", "institutions", "first_seen",
            "last_seen", "valid_until", "version", "indicator__public_id", "indicator__type", "indicator__value",
            "score", "indicator__rule_number__sid",
        )
    )  # fmt: skip
    rows = map(_Row._make, found.iterator(chunk_size=2000))
    for _pk, group in groupby(rows, key=attrgetter("indicator_id")):
        yield list(group)


def _speaks(row: _Row, readable: Readable, moment: datetime) -> bool:
    return row.state == Entry.State.LIVE and row.view_id in readable.shown_ids and row.valid_until > moment


def _strictest_pap(group: list[_Row], readable: Readable) -> PAP:
    return PAP(max(row.pap for row in group if row.view_id in readable.deciding_ids))


def _merged(rows: list[_Row]) -> Item | None:
    if not rows:
        return None
    first = rows[0]
    return Item(
        public_id=first.public_id,
        type=first.type,
        value=first.value,
        traits=ioc_types[first.type].traits,
        marking=Marking(TLP(max(row.tlp for row in rows)), PAP(max(row.pap for row in rows))),
        score=max(row.score for row in rows),
        threat_types=tuple(sorted({threat for row in rows for threat in row.threat_types})),
        subtree=any(row.subtree for row in rows),
        first_seen=min(row.first_seen for row in rows),
        last_seen=max(row.last_seen for row in rows),
        valid_until=max(row.valid_until for row in rows),
        institutions=max(row.institutions for row in rows),
        changed=max(row.version for row in rows),
        sid=first.sid,
    )


def _wanted(item: Item, options: Options, moment: datetime) -> bool:
    """What the consumer asked for; what it did not ask for is not counted as left out."""
    return (
        (not options.types or item.type in options.types)
        and (not options.threat_types or not options.threat_types.isdisjoint(item.threat_types))
        and (options.score_min is None or item.score >= options.score_min)
        and (options.age is None or item.last_seen >= moment - options.age)
        and (options.tlp_max is None or item.marking.tlp <= options.tlp_max)
    )


class _Judge:
    """Decides what a blocking feed leaves out; the assets are read once, and only when something may block."""

    def __init__(self, options: Options, *, block: bool) -> None:
        self._block = block
        self._assets = verified_assets() if block else guard.Assets()
        self._threshold = settings.SCORE_THRESHOLD if options.score_min is None else options.score_min

    def against(self, item: Item, strictest: PAP) -> str | None:
        """The reason to leave a value out, or None."""
        if not self._block:
            return None
        if item.marking.pap > BLOCKING_PAP:
            return "pap"
        if strictest > BLOCKING_PAP:
            return "policy"
        decision = guard.guard(guard.subject_of(item.type, item.value, subtree=item.subtree), self._assets)
        if not decision:
            return decision.reason
        return "score" if item.score < self._threshold else None


def _limited(items: list[Item], limit: int | None, result: Selection) -> list[Item]:
    if limit is None or len(items) <= limit:
        return items
    kept = nsmallest(limit, items, key=lambda item: (-item.score, item.type, item.value))
    names = {item.public_id for item in kept}
    result.left_out.extend((item, "limit") for item in items if item.public_id not in names)
    return kept


def _numbered(items: list[Item], unnumbered: dict[UUID, int]) -> list[Item]:
    missing = {unnumbered[item.public_id] for item in items if item.public_id in unnumbered}
    if not missing:
        return items
    given = numbers.allocate(missing)
    return [
        replace(item, sid=given[unnumbered[item.public_id]]) if item.public_id in unnumbered else item for item in items
    ]
