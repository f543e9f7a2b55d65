"""Back-pressure: asking a sender to come back later, while there is still room for those who read.

What waits is bounded per institution, over all of them, and before the publisher; a worker that gives no sign of life
takes nothing on. The bounds are settings (docs/operations.md).
"""

from __future__ import annotations

import logging
from math import ceil

import redis
from django.conf import settings
from django.core.cache import cache
from django.db.models import F, Max, Min, Sum
from django.db.models.functions import Coalesce

from ingestion.submissions.models import Submission
from iocmarket.accounts.viewer import Viewer
from iocmarket.kernel.decision import Refusal
from iocmarket.publication.models import Outbox
from iocmarket.web.throttles import LIMITS

log = logging.getLogger(__name__)
WAITING = (Submission.State.QUEUED, Submission.State.RUNNING)
UNREAD = 10_000
"""What a text counts for that nobody has read yet."""


class ComeBackLater(Refusal):
    """Too much is waiting; `wait` is the number of seconds after which to try again."""

    def __init__(self, code: str, detail: str, *, wait: int) -> None:
        super().__init__(code, detail)
        self.wait = wait


def check_publication() -> None:
    """Raises ComeBackLater(`publication_behind`) when the publisher has too much before it.

    The span of the numbers stands for the count of the rows, which would cost as much as there are.
    """
    ends = Outbox.objects.filter(lane=Outbox.Lane.NOW).aggregate(first=Min("pk"), last=Max("pk"))
    if ends["last"] is not None and ends["last"] - ends["first"] >= settings.OUTBOX_WAITING:
        raise ComeBackLater("publication_behind", "what was shared before is still being published", wait=60)


def check_rate(viewer: Viewer, values: int) -> None:
    """Count so many values of a sender and its institution. Raises ComeBackLater(`too_many_values`).

    What a stolen token or a tool gone wild can pour out in an hour is bounded, whatever the number of its requests.
    """
    sender = f"token:{viewer.token_id}" if viewer.token_id is not None else f"member:{viewer.member_id}"
    for limit, who in (("sender_values", sender), ("institution_values", str(viewer.institution_id))):
        if wait := LIMITS[limit].wait(who, weight=max(1, values)):
            detail = "too many values were sent in a short time"
            raise ComeBackLater("too_many_values", detail, wait=max(1, ceil(wait)))


def check_queue(institution_id: int, *, more: int = 0) -> None:
    """Whether a long submission may join. Raises ComeBackLater: `worker_absent`, `queue_full`, `too_much_waiting`."""
    if not worker_lives():
        raise ComeBackLater("worker_absent", "no worker is there to take long submissions", wait=60)
    waiting = Submission.objects.filter(state__in=WAITING)
    left = Sum(Coalesce(F("expected"), UNREAD) - F("received"))
    found = dict(waiting.values_list("institution_id").annotate(left=left).values_list("institution_id", "left"))
    if found.get(institution_id, 0) + more > settings.BULK_WAITING_PER_INSTITUTION:
        detail = f"{found.get(institution_id, 0)} items of your institution wait already"
        raise ComeBackLater("too_much_waiting", detail, wait=60)
    if sum(found.values()) + more > settings.BULK_WAITING:
        raise ComeBackLater("queue_full", "too many items of all institutions wait already", wait=120)


def worker_lives() -> bool:
    """Whether a worker has given a sign of life within the last minute."""
    try:
        return cache.get("heartbeat:worker") is not None
    except redis.RedisError:
        log.warning("the broker does not answer: no long submission is taken")
        return False
