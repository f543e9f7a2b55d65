"""What the worker does for institutions that left or merged."""

from __future__ import annotations

from iocmarket.celery import app
from iocmarket.indicators import settling
from iocmarket.kernel.turns import TURN_SECONDS

SWEEP_SECONDS = 10.0
STALE_SECONDS = 6 * SWEEP_SECONDS
"""A message that waited for so long is dropped: fresher ones are behind it."""


@app.task(name="indicators.settle")
def settle(pk: int, seconds: float = TURN_SECONDS) -> None:
    """Go on with one for a turn. The sweeper gives the next one: if each turn asked for another, they would add up."""
    settling.work_on(pk, seconds=seconds)


@app.task(name="indicators.settle_all")
def settle_all() -> int:
    """Give everyone its turn, whether or not a message came or a worker died; how many.

    They share the time until the next sweep, and a message does not last longer than a minute: however long it all
    takes, no more than a minute of it stands before the work of others.
    """
    found = settling.unsettled()
    for pk in found:
        settle.apply_async((pk, TURN_SECONDS / len(found)), expires=STALE_SECONDS)
    return len(found)


app.add_periodic_task(
    SWEEP_SECONDS, app.signature("indicators.settle_all"), name="indicators.settle_all", expires=STALE_SECONDS
)
