"""The one publisher: turns announced changes into new versions of entries, in commit order.

Everything happens in one transaction under one advisory lock. `date_added` is taken there, later than anything given
out before in that view, so what becomes visible later also sorts later: a reader that continues from what it was
given misses nothing, however many writers and publishers run (domain.md, Views).
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import Q

from iocmarket.indicators.models import Contribution
from iocmarket.kernel import clock
from iocmarket.kernel.marking import PAP, TLP, Marking
from iocmarket.publication.audiences import contributions_in
from iocmarket.publication.entries import add_standard_objects, recompute
from iocmarket.publication.models import Entry, Outbox, View
from iocmarket.publication.needs import Needed, needed_views
from iocmarket.publication.report_objects import Touched, publish_reports, touched_by
from iocmarket.publication.sighting_objects import publish_sightings

LOCK = 0x10C_0001
CHUNK = 2000
KEPT = timedelta(days=90)
"""For how long a withdrawn entry is told (domain.md, Views)."""

_WAITING = """SELECT EXISTS (SELECT FROM publication_outbox WHERE lane = %s),
EXISTS (SELECT FROM publication_outbox WHERE lane = %s),
EXISTS (SELECT FROM publication_view WHERE filled_to IS NOT NULL),
EXISTS (SELECT FROM publication_entry WHERE due_at <= %s),
EXISTS (SELECT FROM publication_entry WHERE state = 'withdrawn' AND date_added < %s)"""
_TAKE = """DELETE FROM publication_outbox WHERE id = ANY (ARRAY (
SELECT id FROM publication_outbox WHERE lane = %s ORDER BY id LIMIT %s)) RETURNING indicator_id, audiences"""


@dataclass(slots=True)
class Turn:
    """What one turn did, for the log and for `--once`."""

    taken: int = 0
    written: int = 0
    filled: int = 0
    due: int = 0
    purged: int = 0
    waited: float = 0.0
    """Seconds for which what can wait kept the lock: nothing that somebody waits for was published meanwhile."""
    views: list[str] = field(default_factory=list)

    @property
    def busy(self) -> bool:
        """Whether there may be more to do at once."""
        return bool(self.taken or self.filled or self.due or self.purged or self.views)


class _Waiting(NamedTuple):
    """What there is to do, asked in one statement and without the lock: most turns of a quiet day end here."""

    now: bool
    later: bool
    unfilled: bool
    due: bool
    old: bool

    @classmethod
    def look(cls) -> _Waiting:
        with connection.cursor() as cursor:
            present = clock.now()
            cursor.execute(_WAITING, [Outbox.Lane.NOW, Outbox.Lane.LATER, present, present - KEPT])
            return cls(*cursor.fetchone())


class Pace:
    """How much of what can wait fits into a turn: so much that whoever shares something hardly notices.

    Entries cost what they cost on this machine at this moment; so the size of a chunk follows from the last one.
    """

    SECONDS = 0.25
    LEAST = 100

    def __init__(self) -> None:
        self.chunk = 500

    def follow(self, done: Turn) -> None:
        """Learn from a turn in which there was something that can wait."""
        if done.waited > self.SECONDS:
            self.chunk = max(self.LEAST, int(self.chunk * self.SECONDS / done.waited))
        elif 0 < done.waited < self.SECONDS / 2:
            self.chunk = min(CHUNK, self.chunk * 2)


def turn(*, chunk: int = CHUNK, later: int | None = None, look_for_views: bool = True) -> Turn:
    """One turn: a chunk of what people and machines did, then at most one (of size `later`) of what can wait.

    Two transactions: what somebody waits for is readable before expiry, back-fill and the like begin, and those go on
    however much is being shared. Views that are needed are made where `look_for_views` says so: that costs more than
    an idle turn, and nothing else waits for it.
    """
    done = Turn()
    if look_for_views and (missing := missing_views()):
        with as_publisher():
            done.views = _create(missing)
    waiting = _Waiting.look()
    if waiting.now:
        with as_publisher():
            _take(done, Outbox.Lane.NOW, chunk)
    if waiting.later or waiting.unfilled or waiting.due or waiting.old:
        with as_publisher():
            started = time.monotonic()
            _do_later(done, later or chunk)
        done.waited = time.monotonic() - started
    return done


def _do_later(done: Turn, chunk: int) -> None:
    before = done.taken
    _take(done, Outbox.Lane.LATER, chunk)
    if done.taken == before:
        _fill(done, chunk)
        if not done.filled:
            _renew_due(done, chunk)
            if not done.due:
                _purge(done, chunk)


def run_until_idle(*, chunk: int = CHUNK) -> int:
    """Turns until nothing is left; the number of versions written."""
    written = 0
    while True:
        done = turn(chunk=chunk)
        written += done.written
        if not done.busy:
            return written


@contextmanager
def as_publisher() -> Iterator[None]:
    """A transaction of the one publisher, whichever process it is."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        yield


def missing_views() -> Needed:
    """The views that must exist and do not."""
    ceilings = View.objects.values_list("audience", "ceiling_tlp", "ceiling_pap")
    held = {(key, Marking(TLP(tlp), PAP(pap))) for key, tlp, pap in ceilings}
    return {name: owner for name, owner in needed_views().items() if name not in held}


def _create(missing: Needed) -> list[str]:
    """Make views; they are back-filled in the turns that follow. Another publisher may have been faster."""
    made = []
    for (key, ceiling), owner in missing.items():
        view, new = View.objects.get_or_create(
            audience=key, ceiling_tlp=ceiling.tlp, ceiling_pap=ceiling.pap, defaults=owner
        )
        if new:
            add_standard_objects(view)
            made.append(str(view))
    return made


def _take(done: Turn, lane: Outbox.Lane, chunk: int) -> None:
    """Take rows and publish what they announce; exactly the rows that are read here are deleted."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [lane, chunk])
        rows: list[tuple[int, list[str]]] = cursor.fetchall()
    wanted: dict[str, set[int]] = defaultdict(set)
    for indicator_id, audiences in rows:
        for key in audiences:
            wanted[key].add(indicator_id)
    publish_changes(done, wanted)
    done.taken += len(rows)


def publish_changes(done: Turn, wanted: Mapping[str, Collection[int]]) -> None:
    """Everything that may follow from an announced change, in every view of the audiences."""
    touched = {key: touched_by(ids) for key, ids in wanted.items()}
    for audience, together in _views(wanted).items():
        done.written += recompute(together, wanted[audience])
        for view in together:
            done.written += _beside(view, wanted[audience], touched[audience])


def _beside(view: View, indicator_ids: Collection[int], touched: Sequence[Touched]) -> int:
    """The objects that speak of the indicators, once these are written."""
    return publish_reports(view, touched) + publish_sightings(view, indicator_ids)


def _views(audiences: Iterable[str]) -> dict[str, list[View]]:
    found: dict[str, list[View]] = defaultdict(list)
    listed = list(audiences)
    for view in View.objects.filter(audience__in=listed).order_by("id") if listed else ():
        found[view.audience].append(view)
    return found


def _fill(done: Turn, chunk: int) -> None:
    view = View.objects.filter(filled_to__isnull=False).order_by("id").first()
    if view is None or view.filled_to is None:
        return
    found = _next_indicators(contributions_in(view.audience), after=view.filled_to, limit=chunk)
    done.written += recompute([view], found)
    done.written += _beside(view, found, touched_by(found)) if found else 0
    done.filled = max(1, len(found))
    View.objects.filter(pk=view.pk).update(filled_to=found[-1] if len(found) == chunk else None)


def _next_indicators(condition: Q, *, after: int, limit: int) -> list[int]:
    ids = Contribution.unscoped.filter(condition, indicator_id__gt=after).order_by("indicator_id")
    return list(ids.values_list("indicator_id", flat=True).distinct()[:limit])


def _renew_due(done: Turn, chunk: int) -> None:
    """What time alone changes. Reports and sightings stay: they refer to expired entries as to live ones.

    One audience in a turn, the one with the most to do: each costs its statements, however few entries it has.
    """
    due = Entry.objects.filter(due_at__lte=clock.now()).order_by("due_at")
    wanted: dict[str, list[int]] = defaultdict(list)
    for audience, indicator_id in due.values_list("view__audience", "indicator_id")[:CHUNK]:
        wanted[audience].append(indicator_id)
    if not wanted:
        return
    audience = max(wanted, key=lambda key: len(wanted[key]))
    chosen = set(wanted[audience][:chunk])
    done.due = len(chosen)
    done.written += recompute(_views([audience])[audience], chosen)


def _purge(done: Turn, chunk: int) -> None:
    """Forget what was withdrawn long ago: every consumer that polls at all has been told."""
    old = Entry.objects.filter(state=Entry.State.WITHDRAWN, date_added__lt=clock.now() - KEPT).order_by("date_added")
    done.purged, _ = Entry.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:chunk])).delete()
