"""What beat asks for: a turn for each hook that has something to send."""

from __future__ import annotations

from iocmarket.celery import app
from iocmarket.kernel.turns import STALE_SECONDS, SWEEP_SECONDS, TURN_SECONDS, give_turns
from sharing.push import running


@app.task(name="push.turn")
def turn(pk: int, seconds: float = TURN_SECONDS) -> None:
    """One turn of one hook."""
    running.run(pk, seconds)


@app.task(name="push.sweep")
def sweep() -> int:
    """Give a turn to each hook that is due; how many. A message too many costs nothing: `run` looks again."""
    return give_turns(turn, running.due())


# The registration is here and not in the settings: the core names no task of the houses above it.
app.add_periodic_task(SWEEP_SECONDS, app.signature("push.sweep"), name="push.sweep", expires=STALE_SECONDS)
