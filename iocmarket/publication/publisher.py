"""The one publisher: turns announced changes into new versions of entries, in commit order.

Everything happens in one transaction under one advisory lock. `date_added` is taken there, later than anything given
out before in that view, so what becomes visible later also sorts later: a reader that continues from what it was
given misses nothing, however many writers and publishers run (domain.md, Views).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import connection, transaction
from django.db.models import Q

from iocmarket.indicators.models import Contribution
from iocmarket.kernel import clock
from iocmarket.publication.audiences import contributions_in
from iocmarket.publication.entries import add_standard_objects, recompute
from iocmarket.publication.models import Entry, Outbox, View
from iocmarket.publication.needs import needed_views

LOCK = 0x10C_0001
CHUNK = 2000


@dataclass(slots=True)
class Turn:
    """What one turn did, for the log and for `--once`."""

    taken: int = 0
    written: int = 0
    filled: int = 0
    due: int = 0
    views: list[str] = field(default_factory=list)

    @property
    def busy(self) -> bool:
        """Whether there may be more to do at once."""
        return bool(self.taken or self.filled or self.due or self.views)


def turn(*, chunk: int = CHUNK) -> Turn:
    """One turn: a chunk of what people and machines did, then at most one of what can wait.

    Two transactions: what somebody waits for is readable before expiry, back-fill and the like begin, and those go on
    however much is being shared.
    """
    done = Turn()
    with _locked():
        done.views = _create_views()
        _take(done, Outbox.Lane.NOW, chunk)
    with _locked():
        before = done.taken
        _take(done, Outbox.Lane.LATER, chunk)
        if done.taken == before:
            _fill(done, chunk)
            if not done.filled:
                _renew_due(done, chunk)
    return done


def run_until_idle(*, chunk: int = CHUNK) -> int:
    """Turns until nothing is left; the number of versions written."""
    written = 0
    while True:
        done = turn(chunk=chunk)
        written += done.written
        if not done.busy:
            return written


@contextmanager
def _locked() -> Iterator[None]:
    """A transaction of the one publisher, whichever process it is."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        yield


def _create_views() -> list[str]:
    """Make the views that must exist and do not; they are back-filled in the turns that follow."""
    held = set(View.objects.values_list("audience", "ceiling_tlp", "ceiling_pap"))
    made = []
    for (key, ceiling), owner in needed_views().items():
        if (key, ceiling.tlp, ceiling.pap) in held:
            continue
        view = View.objects.create(audience=key, ceiling_tlp=ceiling.tlp, ceiling_pap=ceiling.pap, **owner)
        add_standard_objects(view)
        made.append(str(view))
    return made


def _take(done: Turn, lane: Outbox.Lane, chunk: int) -> None:
    rows = list(Outbox.objects.filter(lane=lane).order_by("id")[:chunk])
    if not rows:
        return
    wanted: dict[str, set[int]] = defaultdict(set)
    for row in rows:
        for key in row.audiences:
            wanted[key].add(row.indicator_id)
    for view in View.objects.filter(audience__in=wanted).order_by("id"):
        done.written += recompute(view, wanted[view.audience])
    # Exactly the rows that were read: another writer may have added some with lower ids meanwhile.
    Outbox.objects.filter(pk__in=[row.pk for row in rows]).delete()
    done.taken += len(rows)


def _fill(done: Turn, chunk: int) -> None:
    view = View.objects.filter(filled_to__isnull=False).order_by("id").first()
    if view is None or view.filled_to is None:
        return
    found = _next_indicators(contributions_in(view.audience), after=view.filled_to, limit=chunk)
    done.written += recompute(view, found)
    done.filled = max(1, len(found))
    View.objects.filter(pk=view.pk).update(filled_to=found[-1] if len(found) == chunk else None)


def _next_indicators(condition: Q, *, after: int, limit: int) -> list[int]:
    ids = Contribution.unscoped.filter(condition, indicator_id__gt=after).order_by("indicator_id")
    return list(ids.values_list("indicator_id", flat=True).distinct()[:limit])


def _renew_due(done: Turn, chunk: int) -> None:
    due = Entry.objects.filter(due_at__lte=clock.now()).order_by("due_at")
    by_view: dict[int, list[int]] = defaultdict(list)
    for view_id, indicator_id in due.values_list("view_id", "indicator_id")[:chunk]:
        by_view[view_id].append(indicator_id)
    done.due = sum(map(len, by_view.values()))
    for view in _views(by_view):
        done.written += recompute(view, by_view[view.pk])


def _views(ids: Iterable[int]) -> list[View]:
    return list(View.objects.filter(pk__in=list(ids)).order_by("id"))
