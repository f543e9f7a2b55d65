"""What beat asks for: keeping the table of retention."""

from __future__ import annotations

from iocmarket.celery import app
from iocmarket.privacy import purging

PURGE_SECONDS = 3600.0


@app.task(name="privacy.purge")
def purge() -> int:
    """Take what is old enough; how much."""
    return sum(one.count or 0 for one in purging.purge())


app.add_periodic_task(PURGE_SECONDS, app.signature("privacy.purge"), name="privacy.purge")
