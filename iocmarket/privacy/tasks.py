"""What the worker does: keeping the table of retention, and erasing institutions."""

from __future__ import annotations

from iocmarket.celery import app
from iocmarket.kernel.turns import STALE_SECONDS, SWEEP_SECONDS, TURN_SECONDS, give_turns
from iocmarket.privacy import erasing_institutions, purging

PURGE_SECONDS = 3600.0


@app.task(name="privacy.purge")
def purge() -> int:
    """Take what is old enough; how much."""
    return sum(one.count or 0 for one in purging.purge())


app.add_periodic_task(PURGE_SECONDS, app.signature("privacy.purge"), name="privacy.purge")


@app.task(name="privacy.erase")
def erase(pk: int, seconds: float = TURN_SECONDS) -> None:
    """Go on with one erasure for a turn. The sweeper gives the next one."""
    erasing_institutions.work_on(pk, seconds=seconds)


@app.task(name="privacy.erase_unfinished")
def erase_unfinished() -> int:
    """Give every erasure its turn; how many."""
    return give_turns(erase, erasing_institutions.unfinished())


app.add_periodic_task(
    SWEEP_SECONDS,
    app.signature("privacy.erase_unfinished"),
    name="privacy.erase_unfinished",
    expires=STALE_SECONDS,
)
