"""One attempt: what is to be said is written down as said before it leaves, and as heard once the target says so.

Killed between the two, the same is said again under the same id: nothing is lost, and a receiver that remembers ids
takes it once.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import uuid4

from django.db import transaction

from iocmarket.accounts.viewer import Viewer
from iocmarket.audit.services import PLATFORM, record
from iocmarket.kernel import clock
from iocmarket.outbound import Answer, Limits, Outbound, OutboundError, client
from sharing.push.contents import ADDED, CHANGED, REMOVED, Piece, digest_of_all, note_arrival, note_attempt, pieces_of
from sharing.push.kinds import TARGETS
from sharing.push.models import Delivery, Hook
from sharing.push.outcomes import Arrived, DeliveryError
from sharing.push.targets import BODY_MAX, Target, fitting
from sharing.push.telling import tell_stopped

LIMITS = Limits(seconds=20.0, bytes=16 * 1024 * 1024)
PAUSES = (
    *(timedelta(seconds=seconds) for seconds in (10, 30)),
    *(timedelta(minutes=minutes) for minutes in (2, 10, 30)),
    *(timedelta(hours=hours) for hours in (1, 2, 4, 6, 6, 6)),
)
"""Between two attempts: more than 25 hours together."""
DEAD_MOST = 3
"""So many deliveries in a row are given up before the hook is stopped."""
log = logging.getLogger(__name__)


def attempt(delivery: Delivery, viewer: Viewer, *, outbound: Outbound | None = None) -> None:
    """Send it now, as it is to be said now. Raises nothing for what a target does."""
    hook, moment = delivery.hook, clock.now()
    target = TARGETS[hook.kind]
    said = _prepared(delivery, viewer, target)
    if said is None:
        return
    pieces, body = said
    try:
        headers = {"Content-Type": target.media_type, **target.headers(hook, delivery.public_id, body, moment)}
        answer = _sent(outbound or client(limits=LIMITS), hook.url, body, headers)
        arrived = target.read(answer.status, answer.headers, answer.body, len(pieces), moment)
    except DeliveryError as error:
        _failed(delivery, error, moment)
    else:
        _arrived(delivery, pieces, arrived)


def _sent(outbound: Outbound, url: str, body: bytes, headers: dict[str, str]) -> Answer:
    try:
        return outbound.post(url, body, headers=headers)
    except OutboundError as error:
        raise DeliveryError(f"net_{error.code}") from error


@transaction.atomic
def _prepared(delivery: Delivery, viewer: Viewer, target: Target) -> tuple[list[Piece], bytes] | None:
    """The pieces and the body, written down as on their way; None when there is nothing to say any more."""
    pieces = pieces_of(delivery.hook, viewer, delivery.values)
    written = [(piece, part) for piece in pieces if (part := target.part(piece))]
    if not written:
        delivery.delete()
        return None
    count = fitting([part for _piece, part in written], target.separator, BODY_MAX)
    if count < len(written):
        rest = [piece.indicator_id for piece, _part in written[count:]]
        Delivery.objects.create(hook=delivery.hook, values=rest)
        delivery.values, written = [piece.indicator_id for piece, _part in written[:count]], written[:count]
    pieces = [piece for piece, _part in written]
    digest = digest_of_all(pieces)
    if bytes(delivery.digest) not in {b"", digest}:
        delivery.public_id = uuid4()  # a receiver that took the former must take this one, too
    delivery.digest, delivery.attempts = digest, delivery.attempts + 1
    actions = [piece.action for piece in pieces]
    delivery.added, delivery.changed, delivery.removed = map(actions.count, (ADDED, CHANGED, REMOVED))
    delivery.save()
    note_attempt(delivery.hook, pieces)
    return pieces, target.body(delivery, [part for _piece, part in written])


@transaction.atomic
def _arrived(delivery: Delivery, pieces: Sequence[Piece], arrived: Arrived) -> None:
    hook = _held(delivery)
    if hook is None:
        return
    note_arrival(hook, pieces)
    delivery.state, delivery.values, delivery.ended_at = Delivery.State.DELIVERED, [], clock.now()
    delivery.status, delivery.error = arrived.status, ""
    delivery.refused, delivery.refusals = arrived.refused.total(), dict(arrived.refused)
    delivery.save()
    hook.error, hook.dead_in_a_row = "", 0
    hook.save(update_fields=["error", "dead_in_a_row"])


@transaction.atomic
def _failed(delivery: Delivery, error: DeliveryError, moment: datetime) -> None:
    hook = _held(delivery)
    if hook is None:
        return
    log.info("delivery %s, attempt %d: %s", delivery.public_id, delivery.attempts, error.code)
    delivery.status, delivery.error = error.status, error.code
    if delivery.attempts > len(PAUSES) and not error.stops:
        delivery.state, delivery.ended_at = Delivery.State.DEAD, moment
        hook.dead_in_a_row += 1
    else:
        pause = PAUSES[min(delivery.attempts, len(PAUSES)) - 1]
        delivery.next_at = moment + max(pause, error.wait or pause)
    delivery.save()
    hook.error = error.code
    if hook.state == Hook.State.ACTIVE and (error.stops or hook.dead_in_a_row >= DEAD_MOST):
        hook.state = Hook.State.STOPPED
        record(
            "webhook.stopped", actor=PLATFORM, subject_type="webhook", subject_id=hook.public_id,
            details={"failure": error.code},
        )  # fmt: skip
        tell_stopped(hook)
    hook.save(update_fields=["error", "dead_in_a_row", "state"])


def _held(delivery: Delivery) -> Hook | None:
    """The hook as it is now, held; None when it was removed, or leads elsewhere since this was sent."""
    hook = (
        Hook.objects.select_for_update(of=("self",)).select_related("institution").filter(pk=delivery.hook_id).first()
    )
    return hook if hook is not None and hook.generation == delivery.hook.generation else None
