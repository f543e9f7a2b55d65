"""What time does to institutions, and to what they own. May run twice or never without harm."""

from __future__ import annotations

from iocmarket.accounts import asset_checks, recertifying
from iocmarket.celery import app

CONFIRMATION_SECONDS = 3600.0
CHECK_SECONDS = 60.0


@app.task(name="accounts.confirmations")
def confirmations() -> int:
    """Ask institutions to confirm themselves, and draw the consequences where they did not."""
    return recertifying.sweep()


app.add_periodic_task(CONFIRMATION_SECONDS, app.signature("accounts.confirmations"), name="accounts.confirmations")


@app.task(name="accounts.check_assets")
def check_assets() -> int:
    """Look for the records of the assets that are due."""
    return asset_checks.check_due()


app.add_periodic_task(CHECK_SECONDS, app.signature("accounts.check_assets"), name="accounts.check_assets")
