"""What the worker does for institutions that left or merged."""

from __future__ import annotations

from iocmarket.celery import app
from iocmarket.indicators import settling

SWEEP_SECONDS = 10.0


@app.task(name="indicators.settle")
def settle(pk: int) -> None:
    """Go on with one; come back for the rest, so that others have a turn."""
    if settling.work_on(pk):
        settle.delay(pk)


@app.task(name="indicators.settle_all")
def settle_all() -> int:
    """Go on where no message came, or a worker died; how many."""
    found = settling.unsettled()
    for pk in found:
        settle.delay(pk)
    return len(found)


app.add_periodic_task(SWEEP_SECONDS, app.signature("indicators.settle_all"), name="indicators.settle_all")
