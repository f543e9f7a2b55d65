"""One turn of a subscription: page after page, for a while, so that others have their turn.

What was fetched, what was taken, the counts and the cursor are written in one transaction for each unit, and the cursor
with the last unit of a page: a turn that is cut off anywhere is gone on with, and nothing is lost or counted twice.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction

from ingestion.submissions import pressure
from ingestion.subscriptions import misp, taxii
from ingestion.subscriptions.asking import PullError
from ingestion.subscriptions.models import MadeSubmission, Subscription, TakenEvent, Turn
from ingestion.subscriptions.paging import Ask, Page, Unit, Wish
from ingestion.subscriptions.retiring import retire, retire_all_but
from ingestion.subscriptions.taking import Account, Taker
from ingestion.subscriptions.telling import tell_stopped
from ingestion.subscriptions.terms import terms_of, wish_of
from iocmarket.accounts.models import Member
from iocmarket.accounts.roles import Capability, Scope
from iocmarket.accounts.viewer import Viewer, viewer_of_member
from iocmarket.audit.services import PLATFORM, record
from iocmarket.kernel import clock
from iocmarket.locks import session_lock

LOCK = 0x53554253
PAGES, SECONDS = 200, 40.0
"""Of one turn; what is left is fetched in the next one, a minute later."""
LONGEST = timedelta(days=1)
"""Between two attempts at a server that fails."""
SUBMISSIONS = 100
"""That one turn names."""
ASKS: dict[str, Ask] = {Subscription.Kind.TAXII: taxii.ask, Subscription.Kind.MISP: misp.ask}
log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Work:
    """A turn under way."""

    subscription: Subscription
    turn: Turn
    taker: Taker
    wish: Wish


def pull(pk: int, *, seconds: float = SECONDS) -> Turn | None:
    """One turn, if it is due and nobody else is at it."""
    with session_lock(LOCK, pk, wait=False) as mine:
        due = Subscription.objects.filter(pk=pk, state=Subscription.State.ACTIVE, next_at__lte=clock.now())
        subscription = due.select_related("institution", "author", "circle").first() if mine else None
        return _turn(subscription, seconds) if subscription is not None else None


def _turn(subscription: Subscription, seconds: float) -> Turn:
    # A turn that nobody ended was cut off: its process is gone, as its lock is.
    subscription.turns.filter(ended_at=None).update(ended_at=clock.now(), error="cut_off", more=True)
    turn = Turn.objects.create(subscription=subscription)
    try:
        work = _Work(subscription, turn, _taker(subscription), wish_of(subscription))
        more = _pages(work, time.monotonic() + seconds)
    except PullError as error:
        _ended_badly(subscription, turn, error)
    except pressure.ComeBackLater as later:
        _ended_badly(subscription, turn, PullError("we_are_busy", wait=later.wait))
    except Exception as error:  # noqa: BLE001 (one subscription must not be tried each minute for a fault of ours)
        log.error("subscription %d: %s", subscription.pk, type(error).__name__)  # noqa: TRY400 (a trace shows values)
        _ended_badly(subscription, turn, PullError("our_fault"))
    else:
        _ended_well(subscription, turn, more=more)
    return turn


def _taker(subscription: Subscription) -> Taker:
    """Raises PullError when nobody is there in whose name it could be shared."""
    viewer = _viewer(subscription.author, subscription)
    return Taker(viewer, subscription.institution.name, terms_of(subscription))


def _viewer(author: Member | None, subscription: Subscription) -> Viewer:
    if author is None or author.institution_id != subscription.institution_id:
        raise PullError("author_gone", stops=True)
    try:
        viewer = viewer_of_member(author)
    except PermissionError as error:
        raise PullError("author_gone", stops=True) from error
    if not author.may(Capability.SUBSCRIPTIONS_MANAGE):
        raise PullError("author_gone", stops=True)
    bound = author.institution is not None and author.institution.is_bound(clock.now())
    if Scope.INDICATORS_WRITE not in viewer.scopes or not bound:
        raise PullError("institution_reads_only")
    return viewer


def _pages(work: _Work, until: float) -> bool:
    """Whether there is more. Raises PullError, ComeBackLater."""
    ask = ASKS[work.subscription.kind]
    for _ in range(PAGES):
        pressure.check_publication()
        page = ask(work.wish, dict(work.subscription.cursor))
        _stored(page, work)
        if not page.more:
            return False
        if time.monotonic() >= until:
            break
    return True


def _stored(page: Page, work: _Work) -> None:
    """Each unit in a transaction, the last one with the cursor."""
    cursor = dict(page.cursor)
    for unit in page.units[:-1]:
        with transaction.atomic():
            cursor["fresh"] = _taken(unit, work) or cursor.get("fresh", False)
    with transaction.atomic():
        for unit in page.units[-1:]:
            cursor["fresh"] = _taken(unit, work) or cursor.get("fresh", False)
        if page.unread:
            account = Account()
            account.refuse(page.unread)
            _count(work.turn, account)
        work.turn.pages += 1
        work.turn.save(update_fields=["pages"])
        # Only where nobody set it back meanwhile (services.amend): then the next turn begins anew.
        before = work.subscription.cursor
        work.subscription.cursor = cursor if page.more else {k: v for k, v in cursor.items() if k != "fresh"}
        same = Subscription.objects.filter(pk=work.subscription.pk, cursor=before, state=Subscription.State.ACTIVE)
        if not same.update(cursor=work.subscription.cursor):
            raise PullError("changed_meanwhile")


def _taken(unit: Unit, work: _Work) -> bool:
    """Whether it brought anything: a version that was taken before does not."""
    if unit.key:
        known = TakenEvent.objects.filter(subscription=work.subscription, key=unit.key)
        if known.filter(version=unit.version).exists():
            return False
    account = Account()
    work.taker.take(unit, account)
    _retired(unit, account, work)
    if unit.key:
        TakenEvent.objects.update_or_create(
            subscription=work.subscription, key=unit.key, defaults={"version": unit.version}
        )
    _count(work.turn, account)
    return True


def _retired(unit: Unit, account: Account, work: _Work) -> None:
    """Follow what was taken back; of an event that could not be read nobody knows what it holds."""
    subscription, viewer = work.subscription, work.taker.viewer
    if not unit.key:
        work.turn.withdrawn += retire(subscription, account.ended, viewer=viewer)
    elif not account.unread:
        work.turn.withdrawn += retire_all_but(subscription, unit.key, account.said, viewer=viewer)
    MadeSubmission.objects.bulk_create(
        MadeSubmission(subscription=subscription, submission=each, key=unit.key) for each in account.submissions
    )


def _count(turn: Turn, account: Account) -> None:
    """Within the transaction of what is counted; `turn` is read again if that fails (`_turn` ends there)."""
    for name in ("received", "accepted", "refreshed", "refused", "queued", "unread"):
        setattr(turn, name, getattr(turn, name) + getattr(account, name))
    for code, count in account.reasons.items():
        turn.reasons[code] = turn.reasons.get(code, 0) + count
    turn.submissions = [*turn.submissions, *account.submissions][:SUBMISSIONS]
    turn.save()


def _ended_well(subscription: Subscription, turn: Turn, *, more: bool) -> None:
    pause = timedelta(0) if more else timedelta(minutes=subscription.minutes)
    turn.ended_at, turn.more = clock.now(), more
    Turn.objects.filter(pk=turn.pk).update(ended_at=turn.ended_at, more=more)
    _write(subscription, failures=0, error="", next_at=clock.now() + pause)


@transaction.atomic
def _ended_badly(subscription: Subscription, turn: Turn, error: PullError) -> None:
    """Counted with what stands in the database: the transaction that failed took its counts with it."""
    moment = clock.now()
    if not Turn.objects.filter(pk=turn.pk).update(ended_at=moment, error=error.code, more=True):
        return  # removed meanwhile
    turn.refresh_from_db()
    if error.code == "changed_meanwhile":
        return
    failures = subscription.failures + 1
    if error.stops:
        _write(subscription, failures=failures, error=error.code, state=Subscription.State.STOPPED)
        record(
            "subscription.stopped", actor=PLATFORM, subject_type="subscription", subject_id=subscription.public_id,
            details={"failure": error.code},
        )  # fmt: skip
        tell_stopped(subscription, error.code)
        return
    log.info("subscription %d: %s", subscription.pk, error.code)
    pause = min(timedelta(minutes=subscription.minutes) * 2 ** min(failures - 1, 10), LONGEST)
    pause = max(pause, timedelta(seconds=error.wait)) if error.code != "we_are_busy" else timedelta(seconds=error.wait)
    _write(subscription, failures=failures, error=error.code, next_at=moment + pause)


def _write(subscription: Subscription, **columns: object) -> None:
    """Unless somebody paused or removed it meanwhile."""
    for name, value in columns.items():
        setattr(subscription, name, value)
    Subscription.objects.filter(pk=subscription.pk, state=Subscription.State.ACTIVE).update(**columns)
