"""What a feed carries: one line per value over all views of the viewer (domain.md, Views, PAP, Blocking guard).

One statement reads the entries, whatever their number; what blocks is decided over every view that the institution
has at its full ceiling, whatever the ceiling of the token that asks.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from heapq import nsmallest
from itertools import islice
from typing import Any, NamedTuple

from django.conf import settings
from django.db import transaction
from django.db.models import BooleanField, ExpressionWrapper, IntegerField, Q, Value
from django.db.models.functions import Collate
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from iocmarket.indicators import guard
from iocmarket.indicators.assets import Guarding, guarding
from iocmarket.indicators.contesting import Contested, contested_for
from iocmarket.indicators.types.base import Trait
from iocmarket.kernel import clock
from iocmarket.kernel.marking import BLOCKING_PAP, PAP, TLP, Marking
from iocmarket.listed.lists import BUNDLED
from iocmarket.prepared import rows_in_turn
from iocmarket.publication.models import Entry
from iocmarket.publication.scores import score_at
from sharing.feeds import numbers
from sharing.feeds.formats.base import LineFormat, Mode, Tally
from sharing.feeds.items import Item
from sharing.feeds.options import Options
from sharing.feeds.readable import Readable

GRAIN = timedelta(hours=1)
"""Scores and ages are taken at the full hour, so that a feed does not change by being asked for."""

CHUNK = 2000

REASONS: dict[str, str | Promise] = {
    "pap": _("its PAP does not permit an action that the attacker can notice"),
    "policy": _("policy of your institution: another statement that it received speaks against blocking"),
    "score": _("its score is below the threshold"),
    "limit": _("others have a higher score, and the feed is limited"),
}


def moment_of(present: datetime) -> datetime:
    """The full hour at or before a moment."""
    return present.replace(minute=0, second=0, microsecond=0)


@dataclass(slots=True)
class Selection:
    """The lines in their stable order, and what was left out, by reason: a whole one in memory, for tests."""

    items: list[Item]
    left_out: list[tuple[Item, str]] = field(default_factory=list)


class _Row(NamedTuple):
    """An entry, as far as lists ask for it."""

    indicator_id: int
    view_id: int
    said: bool
    """Live now, in a view that is shown; others speak only in the decision to block."""
    tlp: int
    pap: int
    subtree: bool
    public_id: str
    type: str
    value: str
    score: float
    # From here on: what plain formats do without.
    threat_types: Collection[str]
    institutions: int
    first_seen: datetime
    last_seen: datetime
    valid_until: datetime
    version: datetime
    sid: int | None


_INDICATOR, _VIEW, _SAID, _PAP = map(_Row._fields.index, ("indicator_id", "view_id", "said", "pap"))


def select(readable: Readable, fmt: LineFormat, options: Options, *, present: datetime | None = None) -> Selection:
    """The values that the feed carries for whoever reads these views, all at once."""
    tally = Tally()
    items = list(chosen(readable, fmt, options, tally, present=present))
    return Selection(items, tally.named)


def chosen(
    readable: Readable, fmt: LineFormat, options: Options, tally: Tally, *, present: datetime | None = None
) -> Iterator[Item]:
    """The same one after the other, in their stable order. Constant number of statements."""
    with transaction.atomic():  # the cursor lives in it
        moment = moment_of(present or clock.now())
        found = _permitted(readable, fmt, options, tally, moment)
        items = _limited(found, options.limit, tally) if options.limit is not None else found
        yield from _numbered(items) if fmt.numbered else (item for item, _pk in items)


def _permitted(
    readable: Readable, fmt: LineFormat, options: Options, tally: Tally, moment: datetime
) -> Iterator[tuple[Item, int]]:
    block, narrowed = fmt.mode is Mode.BLOCK, options.narrowed
    judge = _Judge(options, block=block, contested=contested_for(readable.viewer) if block else Contested())
    deciding = readable.deciding_ids
    traits = {kind.name: kind.traits for kind in fmt.types()}
    for rows in _together(_rows(fmt, readable, options, moment)):
        said = [row for row in rows if row[_SAID]]
        if not said:
            continue
        item = _item(said[0], traits) if len(said) == 1 else _merged(list(map(_Row._make, said)), traits)
        if narrowed and not _wanted(item, options, moment):
            continue
        pk = rows[0][_INDICATOR]
        if block:
            strictest = max([row[_PAP] for row in rows if row[_VIEW] in deciding])
            if reason := judge.against(item, pk, strictest):
                tally.leave(item, reason)
                continue
        yield item, pk


def _together(rows: Iterable[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    """Those of one value, one value after the other."""
    held: list[tuple[Any, ...]] = []
    for row in rows:
        if held and held[0][_INDICATOR] != row[_INDICATOR]:
            yield held
            held = []
        held.append(row)
    if held:
        yield held


def _rows(fmt: LineFormat, readable: Readable, options: Options, moment: datetime) -> Iterator[tuple[Any, ...]]:
    """The entries as `_Row` has them, those of one value together. Expired ones speak only in the decision to block."""
    state = Q(state=Entry.State.LIVE)
    if fmt.mode is Mode.BLOCK:
        state |= Q(state=Entry.State.EXPIRED, pap__gt=BLOCKING_PAP)
    said = Q(state=Entry.State.LIVE, valid_until__gt=moment, view__in=readable.shown_ids)
    found = (
        Entry.objects.filter(
            state,
            view__in=[view.pk for view in readable.every],
            indicator__type__in=[kind.name for kind in fmt.types()],
        )
        .annotate(score=score_at(moment), said=ExpressionWrapper(said, output_field=BooleanField()))
        # The order of the lines, without regard to any language; no database writes a value twice.
        .order_by(Collate("indicator__type", "C"), Collate("indicator__value", "C"), "view_id")
    )
    columns = (
        "indicator_id", "view_id", "said", "tlp", "pap", "subtree", "indicator__public_id", "indicator__type",
        "indicator__value", "score",
    )  # fmt: skip
    if fmt.plain and not options.threat_types and options.age is None:
        none = ((), 0, moment, moment, moment, moment, None)
        return (row + none for row in rows_in_turn(found.values_list(*columns), chunk=CHUNK))
    more = (
        "threat_types", "institutions", "first_seen", "last_seen", "valid_until", "version",
        "indicator__rule_number__sid" if fmt.numbered else Value(None, output_field=IntegerField()),
    )  # fmt: skip
    return rows_in_turn(found.values_list(*columns, *more), chunk=CHUNK)


def _item(row: tuple[Any, ...], traits: Mapping[str, frozenset[Trait]]) -> Item:
    """What nearly every value comes to: one view tells of it."""
    (
        _pk, _view, _said, tlp, pap, subtree, public_id, kind, value, score,
        threats, institutions, first_seen, last_seen, valid_until, version, sid,
    ) = row  # fmt: skip
    return Item(
        public_id=public_id,
        type=kind,
        value=value,
        traits=traits[kind],
        marking=_marking(tlp, pap),
        score=score,
        threat_types=tuple(sorted(set(threats))),
        subtree=subtree,
        first_seen=first_seen,
        last_seen=last_seen,
        valid_until=valid_until,
        institutions=institutions,
        changed=version,
        sid=sid,
    )


def _merged(rows: list[_Row], traits: Mapping[str, frozenset[Trait]]) -> Item:
    """The same of several: the strictest labels, the highest score, everything that was said."""
    first = rows[0]
    return Item(
        public_id=first.public_id,
        type=first.type,
        value=first.value,
        traits=traits[first.type],
        marking=_marking(max(row.tlp for row in rows), max(row.pap for row in rows)),
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


@cache
def _marking(tlp: int, pap: int) -> Marking:
    return Marking(TLP(tlp), PAP(pap))


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

    def __init__(self, options: Options, *, block: bool, contested: Contested) -> None:
        self._contested = contested
        self._by = guarding() if block else Guarding(guard.Assets(), BUNDLED)
        self._threshold = settings.SCORE_THRESHOLD if options.score_min is None else options.score_min

    def against(self, item: Item, indicator_id: int, strictest: int) -> str | None:
        """The reason for which a feed that blocks leaves a value out, or None."""
        if item.marking.pap > BLOCKING_PAP:
            return "pap"
        if strictest > BLOCKING_PAP:
            return "policy"
        decision = guard.guard(guard.subject_of(item.type, item.value, subtree=item.subtree), *self._by)
        if not decision:
            return decision.reason
        if reason := self._contested.reason(indicator_id):
            return reason
        return "score" if item.score < self._threshold else None


def _limited(items: Iterable[tuple[Item, int]], limit: int, tally: Tally) -> list[tuple[Item, int]]:
    """The highest scores, in the order of the lines."""
    listed = list(items)
    if len(listed) <= limit:
        return listed
    kept = nsmallest(limit, listed, key=lambda found: (-found[0].score, found[0].type, found[0].value))
    names = {pk for _item, pk in kept}
    for item, pk in listed:
        if pk not in names:
            tally.leave(item, "limit")
    return [found for found in listed if found[1] in names]


def _numbered(items: Iterable[tuple[Item, int]]) -> Iterator[Item]:
    """With rule numbers, drawn for those that have none yet."""
    following = iter(items)
    while some := list(islice(following, CHUNK)):
        given = numbers.allocate({pk for item, pk in some if item.sid is None})
        for item, pk in some:
            yield item if item.sid is not None else replace(item, sid=given[pk])
