"""What time does to the names that MISP clients keep. May run twice or never without harm."""

from __future__ import annotations

from iocmarket.celery import app
from sharing.misp import following, moved

FORGET_SECONDS = 3600.0
FOLLOW_SECONDS = 60.0


@app.task(name="misp.forget")
def forget() -> int:
    """Delete the names of what was gone long ago."""
    return following.forget()


@app.task(name="misp.follow_decisions")
def follow_decisions() -> int:
    """Give a new moment to values whose `to_ids` changed without a publication."""
    return moved.follow()


app.add_periodic_task(FOLLOW_SECONDS, app.signature("misp.follow_decisions"), name="misp.follow_decisions")
app.add_periodic_task(FORGET_SECONDS, app.signature("misp.forget"), name="misp.forget")
