"""What beat asks for: new mails, where they are fetched, and forgetting which were taken."""

from __future__ import annotations

import imaplib
import logging

from django.conf import settings

from ingestion.mailbox.polling import box_at, poll
from iocmarket.celery import app

POLL_SECONDS = 60.0
log = logging.getLogger(__name__)


@app.task(name="mailbox.poll", ignore_result=True)
def fetch() -> int:
    """Take what is new in MAILBOX_IMAP_URL; how many mails."""
    if not (settings.MAILBOX_IMAP_URL and settings.MAILBOX_ADDRESS):
        return 0
    try:
        return poll(box_at(settings.MAILBOX_IMAP_URL))
    except (OSError, imaplib.IMAP4.error) as error:
        log.warning("the mailbox cannot be fetched: %s", type(error).__name__)
        return 0


# The registration is here and not in the settings: the core names no task of the houses above it.
app.add_periodic_task(POLL_SECONDS, app.signature("mailbox.poll"), name="mailbox.poll")
