"""What time does to institutions, to what they own and to tokens (may run twice or never); a letter that is owed."""

from __future__ import annotations

from iocmarket.accounts import asset_checks, expiring, recertifying, resetting
from iocmarket.celery import app

CONFIRMATION_SECONDS = REMIND_SECONDS = 3600.0
CHECK_SECONDS = 60.0


@app.task(name="accounts.confirmations")
def confirmations() -> int:
    """Ask institutions to confirm themselves, and draw the consequences where they did not."""
    return recertifying.sweep()


@app.task(name="accounts.remind_of_tokens")
def remind_of_tokens() -> int:
    """Remind people of tokens that expire and agreements that end soon; of how many."""
    return expiring.remind() + expiring.remind_of_agreements()


app.add_periodic_task(CONFIRMATION_SECONDS, app.signature("accounts.confirmations"), name="accounts.confirmations")
app.add_periodic_task(REMIND_SECONDS, app.signature("accounts.remind_of_tokens"), name="accounts.remind_of_tokens")


@app.task(name="accounts.check_assets")
def check_assets() -> int:
    """Look for the records of the assets that are due."""
    return asset_checks.check_due()


app.add_periodic_task(CHECK_SECONDS, app.signature("accounts.check_assets"), name="accounts.check_assets")


@app.task(name="accounts.forgotten_password")
def forgotten_password(email: str, language: str) -> None:
    """Send the link for a new password to whoever has the address; to nobody's, that there is no account."""
    resetting.send_link(email, language)
