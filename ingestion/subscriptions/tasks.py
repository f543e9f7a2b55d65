"""What beat asks for each minute: a turn for each subscription that is due."""

from __future__ import annotations

import logging

from ingestion.subscriptions.models import Subscription
from ingestion.subscriptions.running import pull
from iocmarket.celery import app
from iocmarket.kernel import clock

SWEEP_SECONDS = 60.0
AT_ONCE = 50
"""Hints of one sweep: who waited longest first."""
log = logging.getLogger(__name__)


@app.task(name="subscriptions.pull", ignore_result=True)
def turn(pk: int) -> None:
    """One turn of one subscription."""
    pull(pk)


@app.task(name="subscriptions.sweep", ignore_result=True)
def sweep() -> int:
    """Hint at those that are due; how many. A hint too many costs nothing: `pull` looks again, under its lock."""
    due = Subscription.objects.filter(state=Subscription.State.ACTIVE, next_at__lte=clock.now())
    found = list(due.order_by("next_at").values_list("pk", flat=True)[:AT_ONCE])
    for pk in found:
        hint(pk)
    return len(found)


def hint(pk: int) -> None:
    """Tell the workers. Never raises: without a broker the next sweep finds the row."""
    try:
        turn.delay(pk)
    except Exception:  # noqa: BLE001 (whatever the broker does, the subscription stands)
        log.warning("the broker does not answer; the sweep will find subscription %d", pk)


# The registration is here and not in the settings: the core names no task of the houses above it.
app.add_periodic_task(SWEEP_SECONDS, app.signature("subscriptions.sweep"), name="subscriptions.sweep")
