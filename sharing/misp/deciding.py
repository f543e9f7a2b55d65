"""Whether a reader may block a value: what `to_ids` says, since members' own MISP makes block lists of it.

The decision is that of the feeds that block (sharing/feeds/selection.py): live, PAP over all views of the institution,
the guard, false positives, the score, the feed policy (but for its cap). For some values at a time; the number of
statements does not follow theirs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import NamedTuple

from django.conf import settings

from iocmarket.accounts.viewer import Viewer
from iocmarket.indicators import guard
from iocmarket.indicators.assets import guarding
from iocmarket.indicators.contesting import contested_for
from iocmarket.indicators.types import ioc_types
from iocmarket.kernel import clock
from iocmarket.kernel.marking import BLOCKING_PAP, PAP, TLP, Marking
from iocmarket.publication.gathering import among
from iocmarket.publication.models import Entry
from iocmarket.publication.scores import score_at
from sharing.feeds.formats.base import Mode
from sharing.feeds.items import Item
from sharing.feeds.policies import policy_for, ruling_of
from sharing.feeds.selection import moment_of
from sharing.misp.models import Moved
from sharing.misp.reach import DETECTING_TOOL, Reach, Shown
from sharing.misp.types import UNJUDGED

DETECTING = DETECTING_TOOL
_LIVE, _EXPIRED, _WITHDRAWN = (state.value for state in (Entry.State.LIVE, Entry.State.EXPIRED, Entry.State.WITHDRAWN))
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Told(NamedTuple):
    """An entry of a value, in a view that is read or decides."""

    indicator_id: int
    view_id: int
    state: str
    tlp: int
    pap: int
    subtree: bool
    date_added: datetime
    valid_until: datetime | None
    threat_types: Sequence[str]
    first_seen: datetime | None
    last_seen: datetime | None
    score: float | None
    type: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A value as one viewer reads it."""

    type: str
    value: str
    subtree: bool
    stamp: datetime
    """When something of it changed for the viewer."""
    places: dict[int, Told]
    """By view: where it is told, also as withdrawn."""
    live: bool
    blocked: bool
    """Whether a feed that blocks may carry it."""
    detected: bool
    """Whether one that looks in silence should."""
    score: float


def gained(shown: Shown) -> datetime:
    """Since when the view is read."""
    return shown.since or _EPOCH


def values_of(reach: Reach, indicator_ids: Collection[int]) -> dict[int, Value]:
    """The values that the viewer's views tell of, among these."""
    if not indicator_ids:
        return {}
    moment = moment_of(clock.now())
    rows: dict[int, list[Told]] = defaultdict(list)
    for told in _entries(reach, indicator_ids, moment):
        rows[told.indicator_id].append(told)
    judge = _Judge(reach, list(rows), moment)
    found = {pk: judge.value(pk, told) for pk, told in rows.items()}
    return {pk: value for pk, value in found.items() if value is not None}


def _entries(reach: Reach, indicator_ids: Collection[int], moment: datetime) -> list[Told]:
    rows = Entry.objects.filter(
        among(Entry, "indicator", indicator_ids),
        view__in={*reach.by_pk, *reach.deciding},
        state__in=[_LIVE, _EXPIRED, _WITHDRAWN],
    ).annotate(score=score_at(moment))
    columns = (*Told._fields[:-2], "indicator__type", "indicator__value")
    return [Told._make(row) for row in rows.values_list(*columns)]


class _Judge:
    """Decides about some values; what it decides by is read once."""

    def __init__(self, reach: Reach, ids: Sequence[int], moment: datetime) -> None:
        self._reach, self._moment = reach, moment
        self._contested = _contested(reach.viewer, ids)
        self._moved = _moved(reach, ids)
        self._by = guarding()
        policy = policy_for(reach.viewer)
        self._blocking, self._detecting = (
            ruling_of(reach.viewer, policy, mode, moment=moment) for mode in (Mode.BLOCK, Mode.DETECT)
        )

    def value(self, pk: int, rows: Sequence[Told]) -> Value | None:
        """What the viewer's views tell of it; None when they tell nothing."""
        places = {told.view_id: told for told in rows if self._is_told(told)}
        if not places:
            return None
        said = [told for told in places.values() if told.state == _LIVE and self._lasts(told)]
        known = [told for told in places.values() if told.state != _WITHDRAWN]
        first = rows[0]
        value = Value(
            type=first.type, value=first.value, places=places, live=bool(said), detected=False, blocked=False,
            subtree=any(told.subtree for told in said or known),
            stamp=max(
                *(max(told.date_added, gained(self._reach.by_pk[told.view_id])) for told in places.values()),
                self._moved.get(pk, _EPOCH),
            ),
            score=max((told.score or 0.0 for told in said), default=0.0),
        )  # fmt: skip
        if not said or ioc_types[first.type].misp_type in UNJUDGED or pk in self._contested:
            return value
        item = _item(value, said)
        blocked = self._may_be_blocked(value, said, rows) and not self._blocking.leaves_out(item, pk)
        return replace(value, detected=not self._detecting.leaves_out(item, pk), blocked=blocked)

    def _is_told(self, told: Told) -> bool:
        shown = self._reach.by_pk.get(told.view_id)
        if shown is None or told.state != _WITHDRAWN:
            return shown is not None
        return shown.since is not None and told.date_added >= shown.since

    def _lasts(self, told: Told) -> bool:
        return told.valid_until is not None and told.valid_until > self._moment

    def _may_be_blocked(self, value: Value, said: Sequence[Told], rows: Sequence[Told]) -> bool:
        deciding = [
            told.pap
            for told in rows
            if told.view_id in self._reach.deciding
            and (told.state == _LIVE or (told.state == _EXPIRED and told.pap > BLOCKING_PAP))
        ]
        if max([*deciding, *(told.pap for told in said)]) > BLOCKING_PAP or value.score < settings.SCORE_THRESHOLD:
            return False
        return bool(guard.guard(guard.subject_of(value.type, value.value, subtree=value.subtree), *self._by))


def _item(value: Value, said: Sequence[Told]) -> Item:
    """The value as feeds have it, for the feed policy of the institution."""
    return Item(
        public_id="", type=value.type, value=value.value, traits=ioc_types[value.type].traits,
        marking=Marking(TLP(max(told.tlp for told in said)), PAP(max(told.pap for told in said))), score=value.score,
        threat_types=tuple({threat for told in said for threat in told.threat_types}), subtree=value.subtree,
        first_seen=min(told.first_seen or told.date_added for told in said),
        last_seen=max(told.last_seen or told.date_added for told in said),
        valid_until=value.stamp, institutions=1, changed=value.stamp,
    )  # fmt: skip


def _moved(reach: Reach, ids: Sequence[int]) -> dict[int, datetime]:
    """When those of these values moved for which nothing was published (moved.py)."""
    if reach.moving is None:
        return {}
    rows = Moved.objects.filter(among(Moved, "indicator", ids), exit=reach.moving)
    return dict(rows.values_list("indicator_id", "moved_at"))


def _contested(viewer: Viewer, ids: Sequence[int]) -> frozenset[int]:
    return contested_for(viewer, ids).deciding
