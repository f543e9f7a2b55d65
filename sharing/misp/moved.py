"""Values whose `to_ids` changed for a reader although nothing was published of them (ADR 65).

An asset is verified, a warning list is replaced, a policy is changed, a score falls below the policy's: what feeds that
block may carry is then another set, and MISP's clients, who poll by time, hear of it only by a new `timestamp`. So for
each exit that is read as MISP it is kept which values had `to_ids`; a task compares, and notes those that moved.
"""

from __future__ import annotations

import hashlib
import zlib
from array import array
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice

from django.conf import settings
from django.db import connection
from django.db.models import Max

from iocmarket.accounts.viewer import Viewer
from iocmarket.indicators.assets import assets_statement, signed
from iocmarket.indicators.contesting import contested_for
from iocmarket.kernel import clock
from iocmarket.kernel.clock import MICROSECOND
from iocmarket.kernel.marking import PAP, TLP, Marking
from iocmarket.publication.models import Entry, View
from iocmarket.publication.publisher import as_publisher
from sharing.feeds.policies import policy_for
from sharing.feeds.selection import moment_of
from sharing.misp.deciding import DETECTING, values_of
from sharing.misp.models import Moved, MovedFor
from sharing.misp.reach import NotReady, Reach, reach_of

CHUNK = 2000
"""Values that are judged at once, and that move in one transaction."""
UNREAD = timedelta(days=90)
"""As long as a withdrawal is told: an exit that was not read for so long begins anew."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def follow() -> int:
    """Compare for every exit that is read; how many values moved. May run twice or never without harm."""
    MovedFor.objects.filter(read_at__lt=clock.now() - UNREAD).delete()
    return sum(map(_followed, MovedFor.objects.order_by("pk").values_list("pk", flat=True)))


def _followed(pk: int) -> int:
    exit_ = MovedFor.objects.filter(pk=pk).first()
    if exit_ is None:
        return 0
    try:
        return _Following(exit_).moved()
    except NotReady:
        return 0  # a view is being filled; what changed is found at the next turn


def viewer_of(exit_: MovedFor) -> Viewer:
    """Somebody who reads the same; he may do nothing."""
    return Viewer(
        institution_id=exit_.institution_id,
        ceiling=Marking(TLP(exit_.ceiling_tlp), PAP(exit_.ceiling_pap)),
        community_only=exit_.community_only,
        tool=DETECTING if exit_.detecting else "",
    )


class _Following:
    """One exit. What decides is read before the values: a change meanwhile is found at the next turn."""

    def __init__(self, exit_: MovedFor) -> None:
        self._exit = exit_
        viewer = viewer_of(exit_)
        self._reach = reach_of(viewer, noted=False)
        self._contested = contested_for(viewer).deciding
        self._inputs = _inputs(viewer)
        keys = {*self._reach.by_pk, *self._reach.deciding}
        heads = View.objects.filter(pk__in=keys, head__isnull=False).values_list("pk", "head")
        self._heads = {str(key): (head - _EPOCH) // MICROSECOND for key, head in heads if head is not None}

    def moved(self) -> int:
        """Note what moved since the last turn, and what stands now; how many moved."""
        exit_, told = self._exit, sorted(self._contested)
        first = exit_.decided is None
        same = not first and bytes(exit_.inputs or b"") == self._inputs
        if same and exit_.heads == self._heads and exit_.contested == told:
            return 0
        before = _unpacked(exit_.decided)
        after, changed = self._some(before) if same else self._all(before, first=first)
        _note(exit_, sorted(changed))
        exit_.inputs, exit_.heads, exit_.contested, exit_.decided = self._inputs, self._heads, told, _packed(after)
        exit_.save(update_fields=["inputs", "heads", "contested", "decided"])
        return len(changed)

    def _all(self, before: set[int], *, first: bool) -> tuple[set[int], set[int]]:
        """What has `to_ids` now, and what moved."""
        after = self._decided(None)
        return after, set() if first else before ^ after

    def _some(self, before: set[int]) -> tuple[set[int], set[int]]:
        """The same while nothing was otherwise but publications and reports: of these values alone."""
        published = self._published(self._reach.by_pk)
        reported = self._contested.symmetric_difference(self._exit.contested)
        asked = published | reported | self._published(self._reach.deciding)
        after = (before - asked) | self._decided(asked)
        # Of what was published for him the entry itself has a new moment.
        return after, (before ^ after) - (published - reported)

    def _published(self, views: Collection[int]) -> set[int]:
        """What was published in these views since the last turn."""
        found: set[int] = set()
        for pk in views:
            after = _EPOCH + self._exit.heads.get(str(pk), 0) * MICROSECOND
            if self._exit.heads.get(str(pk)) != self._heads.get(str(pk)):
                newer = Entry.objects.filter(view=pk, date_added__gt=after, indicator__isnull=False)
                found.update(newer.values_list("indicator_id", flat=True).iterator())
        return found

    def _decided(self, asked: Collection[int] | None) -> set[int]:
        """Which values have `to_ids`, of these or of all."""
        found: set[int] = set()
        waiting = iter(sorted(asked)) if asked is not None else _every(self._reach)
        while some := list(islice(waiting, CHUNK)):
            for pk, value in values_of(self._reach, some).items():
                if value.detected if self._exit.detecting else value.blocked:
                    found.add(pk)
        return found


def _every(reach: Reach) -> Iterator[int]:
    told = Entry.objects.filter(view__in=list(reach.by_pk), state=Entry.State.LIVE, indicator__isnull=False)
    last = 0
    ordered = told.order_by("indicator_id").values_list("indicator_id", flat=True).distinct()
    while some := list(ordered.filter(indicator_id__gt=last)[:CHUNK]):
        yield from some
        last = some[-1]


def _inputs(viewer: Viewer) -> bytes:
    """Changes with whatever decides on all values: assets, warning lists, policy, and with it time."""
    sql, parameters = assets_statement()
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        [told] = cursor.fetchone()
    policy = policy_for(viewer)
    timed = policy.score_min is not None or policy.age_days is not None
    hour = moment_of(clock.now()).isoformat() if timed else ""
    text = f"{signed(told)}:{policy.document()}:{settings.SCORE_THRESHOLD}:{hour}"
    return hashlib.sha256(text.encode()).digest()


def _note(exit_: MovedFor, indicator_ids: Sequence[int]) -> None:
    """These moved now: later than all that was published, under the lock of whoever publishes.

    So nobody who continues from the last moment that he was given passes over one (domain.md, Views).
    """
    for start in range(0, len(indicator_ids), CHUNK):
        with as_publisher():
            last = View.objects.aggregate(last=Max("head"))["last"] or _EPOCH
            moment = max(clock.now(), last + MICROSECOND)
            rows = [Moved(exit=exit_, indicator_id=pk, moved_at=moment) for pk in indicator_ids[start : start + CHUNK]]
            Moved.objects.bulk_create(
                rows, update_conflicts=True, unique_fields=["exit", "indicator"], update_fields=["moved_at"]
            )
            MovedFor.objects.filter(pk=exit_.pk).update(moved_at=moment)  # with them: who reads looks here first


def _packed(pks: set[int]) -> bytes:
    return zlib.compress(array("q", sorted(pks)).tobytes(), 1)


def _unpacked(kept: bytes | memoryview | None) -> set[int]:
    pks = array("q")
    if kept is not None:
        pks.frombytes(zlib.decompress(kept))
    return set(pks)
