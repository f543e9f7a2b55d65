"""What time does to Dépôt. May run twice or never without harm."""

from __future__ import annotations

from iocmarket.celery import app
from sharing.taxii import statuses

PURGE_SECONDS = 3600.0


@app.task(name="taxii.purge")
def purge() -> int:
    """Delete old statuses."""
    return statuses.purge()


app.add_periodic_task(PURGE_SECONDS, app.signature("taxii.purge"), name="taxii.purge")
