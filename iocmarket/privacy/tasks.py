"""What the worker does: keeping the table of retention, and erasing institutions."""

from __future__ import annotations

from iocmarket.celery import app
from iocmarket.kernel.turns import TURN_SECONDS
from iocmarket.privacy import erasing_institutions, purging

PURGE_SECONDS = 3600.0
SWEEP_SECONDS = 10.0
STALE_SECONDS = 6 * SWEEP_SECONDS
"""A message that waited for so long is dropped: fresher ones are behind it."""


@app.task(name="privacy.purge")
def purge() -> int:
    """Take what is old enough; how much."""
    return sum(one.count or 0 for one in purging.purge())


app.add_periodic_task(PURGE_SECONDS, app.signature("privacy.purge"), name="privacy.purge")


@app.task(name="privacy.erase")
def erase(pk: int, seconds: float = TURN_SECONDS) -> None:
    """Go on with one erasure for a turn. The sweeper gives the next one: if each turn asked for another, they would
    add up."""
    erasing_institutions.work_on(pk, seconds=seconds)


@app.task(name="privacy.erase_unfinished")
def erase_unfinished() -> int:
    """Give every erasure its turn, whether or not a message came or a worker died; how many. They share the time."""
    found = erasing_institutions.unfinished()
    for pk in found:
        erase.apply_async((pk, TURN_SECONDS / len(found)), expires=STALE_SECONDS)
    return len(found)


app.add_periodic_task(
    SWEEP_SECONDS,
    app.signature("privacy.erase_unfinished"),
    name="privacy.erase_unfinished",
    expires=STALE_SECONDS,
)
