"""Turns of hooks: one hook at a time has one worker, and what was not delivered stands before what came later."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from iocmarket.accounts.models import Institution
from iocmarket.accounts.viewer import Viewer
from iocmarket.kernel import clock
from iocmarket.kernel.turns import take_turn
from iocmarket.locks import session_lock
from sharing.push.filters import viewer_of
from sharing.push.gathering import gather, is_review_due, review, signature_of
from sharing.push.models import Delivery, Hook
from sharing.push.sending import attempt

LOCK = 0x50555348


def due() -> list[int]:
    """The hooks that have something to do now, the oldest first. Two statements, and one for each hook that is idle."""
    active = Hook.objects.filter(
        state=Hook.State.ACTIVE,
        institution__state=Institution.State.APPROVED,
        institution__kind=Institution.Kind.MEMBER,
    )
    waiting = Delivery.objects.filter(state=Delivery.State.WAITING).order_by("-pk")
    first = dict(waiting.values_list("hook", "next_at"))  # of each hook the first: it stands before the others
    found = active.select_related("institution").order_by("pk")
    return [hook.pk for hook in found if _is_due(hook, first.get(hook.pk))]


def _is_due(hook: Hook, next_at: datetime | None) -> bool:
    if next_at is not None:
        return next_at <= clock.now()
    try:
        return is_review_due(hook) or _has_news(hook, viewer_of(hook))
    except PermissionError:
        return False


def run(pk: int, seconds: float) -> bool:
    """One turn of one hook; whether there is more to do. Nothing while another worker has it."""
    with session_lock(LOCK, pk, wait=False) as mine:
        return mine and take_turn(partial(step, pk), seconds=seconds)


def step(pk: int) -> bool:
    """Send what waits, or look for more; whether anything was done."""
    hook = Hook.objects.select_related("institution").filter(pk=pk, state=Hook.State.ACTIVE).first()
    try:
        viewer = viewer_of(hook) if hook else None
    except PermissionError:
        return False
    if hook is None or viewer is None:
        return False
    waiting = hook.deliveries.filter(state=Delivery.State.WAITING).order_by("pk").first()
    if waiting is not None:
        return _tried(waiting, hook, viewer)
    if _has_news(hook, viewer) and gather(hook, viewer):
        return True
    return is_review_due(hook) and review(hook, viewer)


def _tried(delivery: Delivery, hook: Hook, viewer: Viewer) -> bool:
    if delivery.next_at > clock.now():
        return False
    delivery.hook = hook
    attempt(delivery, viewer)
    return True


def _has_news(hook: Hook, viewer: Viewer) -> bool:
    return bytes(hook.seen) != signature_of(viewer)
