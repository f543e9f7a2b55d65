"""What the worker does: keeping the table of retention, and erasing institutions."""

from __future__ import annotations

from iocmarket.celery import app
from iocmarket.privacy import erasing_institutions, purging

PURGE_SECONDS = 3600.0
ERASE_SECONDS = 60.0


@app.task(name="privacy.purge")
def purge() -> int:
    """Take what is old enough; how much."""
    return sum(one.count or 0 for one in purging.purge())


app.add_periodic_task(PURGE_SECONDS, app.signature("privacy.purge"), name="privacy.purge")


@app.task(name="privacy.erase")
def erase(pk: int) -> None:
    """Go on with one erasure; come back for the rest, so that others have a turn."""
    if erasing_institutions.work_on(pk):
        erase.delay(pk)


@app.task(name="privacy.erase_unfinished")
def erase_unfinished() -> int:
    """Go on where no message came, or a worker died; how many erasures."""
    found = erasing_institutions.unfinished()
    for pk in found:
        erase.delay(pk)
    return len(found)


app.add_periodic_task(ERASE_SECONDS, app.signature("privacy.erase_unfinished"), name="privacy.erase_unfinished")
