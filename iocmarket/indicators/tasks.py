"""What the worker does for institutions that left or merged."""

from __future__ import annotations

from iocmarket.celery import app
from iocmarket.indicators import settling
from iocmarket.kernel.turns import STALE_SECONDS, SWEEP_SECONDS, TURN_SECONDS, give_turns


@app.task(name="indicators.settle")
def settle(pk: int, seconds: float = TURN_SECONDS) -> None:
    """Go on with one for a turn. The sweeper gives the next one."""
    settling.work_on(pk, seconds=seconds)


@app.task(name="indicators.settle_all")
def settle_all() -> int:
    """Give everyone its turn; how many."""
    return give_turns(settle, settling.unsettled())


app.add_periodic_task(
    SWEEP_SECONDS, app.signature("indicators.settle_all"), name="indicators.settle_all", expires=STALE_SECONDS
)
