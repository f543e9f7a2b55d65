"""What time does to the names that MISP clients keep. May run twice or never without harm."""

from __future__ import annotations

from iocmarket.celery import app
from sharing.misp import following

FORGET_SECONDS = 3600.0


@app.task(name="misp.forget")
def forget() -> int:
    """Delete the names of what was gone long ago."""
    return following.forget()


app.add_periodic_task(FORGET_SECONDS, app.signature("misp.forget"), name="misp.forget")
