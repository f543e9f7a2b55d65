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
from django.db.models import BooleanField, Case, CharField, ExpressionWrapper, F, IntegerField, Q, Value, When
from django.db.models.expressions import Combinable
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
from iocmarket.publication.access import entries_of
from iocmarket.publication.gathering import among
from iocmarket.publication.models import Entry
from iocmarket.publication.scores import score_at
from sharing.feeds import numbers
from sharing.feeds.formats.base import LineFormat, Mode, Tally
from sharing.feeds.items import Item, Place
from sharing.feeds.options import Options
from sharing.feeds.parting import REMEMBERED, Parting
from sharing.feeds.policies import policy_for, ruling_of
from sharing.feeds.policy import Policy
from sharing.feeds.readable import Readable

GRAIN = timedelta(hours=1)
"""Scores and ages are taken at the full hour, so that a feed does not change by being asked for."""

CHUNK = 2000
_NESTED = (Collate("indicator__reversed_name", "C"),)

_LEFT = (Entry.State.EXPIRED, Entry.State.WITHDRAWN)

REASONS: dict[str, str | Promise] = {
    "pap": _("its PAP does not permit an action that the attacker can notice"),
    "policy": _("policy of your institution: another statement that it received speaks against blocking"),
    "score": _("its score is below the threshold"),
    "limit": _("others have a higher score, and the feed is limited"),
    "feed_policy": _("the feed policy of your institution leaves it out"),
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
    left: str
    """Its state, when it was said and has left since; else empty. Told to formats with `farewells` alone."""
    tlp: int
    pap: int
    subtree: bool
    public_id: str
    type: str
    value: str
    under: str | None
    """The name from its top label on, where the lines come by it; else nothing."""
    score: float
    # From here on: what plain formats do without.
    threat_types: Collection[str]
    institutions: int
    first_seen: datetime
    last_seen: datetime
    valid_until: datetime
    version: datetime
    sid: int | None


_INDICATOR, _VIEW, _SAID, _GONE, _PAP = map(_Row._fields.index, ("indicator_id", "view_id", "said", "left", "pap"))
_TYPE, _VALUE, _UNDER = map(_Row._fields.index, ("type", "value", "under"))


class Judged(NamedTuple):
    """What a feed makes of one value."""

    pk: int
    place: Place
    item: Item | None
    """To be written: the value, or that it has left; None where nothing is."""
    left_out: tuple[Item, str] | None
    """The value and why it is not told."""


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
        policy = policy_for(readable.viewer)
        items = _told(judged(readable, fmt, options, policy, present=present), tally)
        limit = options.limit if options.limit is not None else fmt.most(options.own)
        if limit is not None:
            items = _limited(items, limit, tally, "limit")
        if policy.cap is not None:
            items = _limited(items, policy.cap, tally, "feed_policy")
        yield from numbered(fmt, items)


def _told(values: Iterable[Judged], tally: Tally) -> Iterator[tuple[Item, int]]:
    for pk, _place, item, left_out in values:
        if left_out is not None:
            tally.leave(*left_out)
        if item is not None:
            yield item, pk


def judged(
    readable: Readable,
    fmt: LineFormat,
    options: Options,
    policy: Policy,
    *,
    present: datetime | None = None,
    only: Collection[int] | None = None,
) -> Iterator[Judged]:
    """Every value of which an entry may speak, in the order of the lines; `only` these. Within a transaction."""
    moment = moment_of(present or clock.now())
    block, narrowed = fmt.mode is Mode.BLOCK, options.narrowed
    parting = Parting(options, moment, block=block) if fmt.farewells else None
    judge = _Judge(options, block=block, contested=contested_for(readable.viewer) if block else Contested())
    ruling = ruling_of(readable.viewer, policy, fmt.mode, moment=moment)
    deciding = readable.deciding_ids
    traits = {kind.name: kind.traits for kind in fmt.carried(options.own)}
    for rows in _together(_rows(fmt, readable, options, moment, more=ruling.asks_more, only=only)):
        said = [row for row in rows if row[_SAID]]
        first = rows[0]
        pk, under = first[_INDICATOR], first[_UNDER]
        place = Place(first[_TYPE], under is None, under or "", first[_VALUE])
        if not said:
            gone = None
            if parting and (left := [_dated(_Row._make(row)) for row in rows if row[_GONE]]):
                item = _merged(left, traits)
                gone = item if parting.tells(item, max(row[_PAP] for row in rows)) else None
            yield Judged(pk, place, gone and replace(gone, gone=True), None)
            continue
        item = _item(said[0], traits) if len(said) == 1 else _merged(list(map(_Row._make, said)), traits)
        strictest = _strictest(rows, deciding) if block else PAP.CLEAR
        if narrowed and not _wanted(item, options, moment):
            told = parting is not None and parting.tells_of_change(item, strictest)
            yield Judged(pk, place, replace(item, gone=True) if told else None, None)
            continue
        reason = judge.against(item, pk, strictest) if block else None
        if reason is None and ruling.leaves_out(item, pk):
            reason = "feed_policy"
        if reason is not None:
            told = parting is not None and parting.tells(item, strictest)
            yield Judged(pk, place, replace(item, gone=True) if told else None, (item, reason))
            continue
        yield Judged(pk, place, item, None)


def _strictest(rows: list[tuple[Any, ...]], deciding: Collection[int]) -> int:
    """The strictest PAP in what stands; what was withdrawn forbids nothing any more."""
    standing: list[int] = [row[_PAP] for row in rows if row[_VIEW] in deciding and row[_GONE] != Entry.State.WITHDRAWN]
    return max(standing)


def _dated(row: _Row) -> _Row:
    """A withdrawn entry says nothing but its labels: the moment when it left stands for every other."""
    if row.left != Entry.State.WITHDRAWN:
        return row
    return row._replace(score=0.0, first_seen=row.version, last_seen=row.version, valid_until=row.version)


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


def _rows(
    fmt: LineFormat,
    readable: Readable,
    options: Options,
    moment: datetime,
    *,
    more: bool,
    only: Collection[int] | None,
) -> Iterator[tuple[Any, ...]]:
    """The entries as `_Row` has them, those of one value together. Expired ones speak only in the decision to block.

    `more`: what plain formats do without is asked for all the same. `only`: of these indicators.
    """
    state = Q(state=Entry.State.LIVE)
    if fmt.mode is Mode.BLOCK:
        state |= Q(state=Entry.State.EXPIRED, pap__gt=BLOCKING_PAP)
    said = Q(state=Entry.State.LIVE, valid_until__gt=moment, view__in=readable.shown_ids)
    left: Combinable = Value("", output_field=CharField())
    if fmt.farewells:
        ended = Q(state__in=_LEFT, date_added__gte=moment - REMEMBERED, view__in=readable.shown_ids)
        state |= Q(pk__in=entries_of(readable.viewer, readable.views).filter(ended).order_by().values("pk"))
        over = Q(state=Entry.State.LIVE, valid_until__lte=moment, view__in=readable.shown_ids)
        left = Case(When(ended | over, then=F("state")), default=left, output_field=CharField())
    found = (
        Entry.objects.filter(
            state,
            view__in=[view.pk for view in readable.every],
            indicator__type__in=[kind.name for kind in fmt.carried(options.own)],
        )
        .annotate(score=score_at(moment), said=ExpressionWrapper(said, output_field=BooleanField()), left=left)
        # The order of the lines, without regard to any language; no database writes a value twice.
        .order_by(Collate("indicator__type", "C"), *_NESTED[: fmt.nested], Collate("indicator__value", "C"), "view_id")
    )
    if only is not None:
        found = found.filter(among(Entry, "indicator", only))
    under = "indicator__reversed_name" if fmt.nested else Value(None, output_field=CharField())
    columns = (
        "indicator_id", "view_id", "said", "left", "tlp", "pap", "subtree", "indicator__public_id", "indicator__type",
        "indicator__value", under, "score",
    )  # fmt: skip
    if fmt.plain and not fmt.farewells and not more and not options.threat_types and options.age is None:
        none = ((), 0, moment, moment, moment, moment, None)
        return (row + none for row in rows_in_turn(found.values_list(*columns), chunk=CHUNK))
    rest = (
        "threat_types", "institutions", "first_seen", "last_seen", "valid_until", "version",
        "indicator__rule_number__sid" if fmt.numbered else Value(None, output_field=IntegerField()),
    )  # fmt: skip
    return rows_in_turn(found.values_list(*columns, *rest), chunk=CHUNK)


def _item(row: tuple[Any, ...], traits: Mapping[str, frozenset[Trait]]) -> Item:
    """What nearly every value comes to: one view tells of it."""
    (
        _pk, _view, _said, _left, tlp, pap, subtree, public_id, kind, value, _under, score,
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


def _limited(items: Iterable[tuple[Item, int]], limit: int, tally: Tally, reason: str) -> Iterator[tuple[Item, int]]:
    """The highest scores, in the order of the lines, and what has left, which fills no place."""
    listed = list(items)
    staying = [found for found in listed if not found[0].gone]
    if len(staying) <= limit:
        yield from listed
        return
    kept = nsmallest(limit, staying, key=lambda found: (-found[0].score, found[0].type, found[0].value))
    names = {pk for _item, pk in kept}
    for item, pk in staying:
        if pk not in names:
            tally.leave(item, reason)
    yield from (found for found in listed if found[0].gone or found[1] in names)


def numbered(fmt: LineFormat, items: Iterable[tuple[Item, int]]) -> Iterator[Item]:
    """With rule numbers where the format has them, drawn for values that have none yet."""
    if not fmt.numbered:
        yield from (item for item, _pk in items)
        return
    following = iter(items)
    while some := list(islice(following, CHUNK)):
        given = numbers.allocate({pk for item, pk in some if item.sid is None})
        for item, pk in some:
            yield item if item.sid is not None else replace(item, sid=given[pk])
