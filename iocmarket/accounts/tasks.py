"""What time does to institutions. May run twice or never without harm."""

from __future__ import annotations

from iocmarket.accounts import recertifying
from iocmarket.celery import app

CONFIRMATION_SECONDS = 3600.0


@app.task(name="accounts.confirmations")
def confirmations() -> int:
    """Ask institutions to confirm themselves, and draw the consequences where they did not."""
    return recertifying.sweep()


app.add_periodic_task(CONFIRMATION_SECONDS, app.signature("accounts.confirmations"), name="accounts.confirmations")
