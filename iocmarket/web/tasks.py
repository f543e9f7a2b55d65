"""Sending letters, by the worker."""

from __future__ import annotations

import logging
from smtplib import SMTPRecipientsRefused
from typing import Any

from celery import Task

from iocmarket.celery import app
from iocmarket.web.mails import Letter, send_now

log = logging.getLogger(__name__)
FIRST_PAUSE = 10
"""Seconds before the second attempt; each later pause is twice as long, up to an hour: together about a day."""
LONGEST_PAUSE = 3600
ATTEMPTS = 32
PERMANENT = 500
"""Answers of a mail server from here on are final (RFC 5321, 4.2.1)."""


@app.task(bind=True, name="web.deliver", max_retries=ATTEMPTS - 1)
def deliver(self: Task[[str, str, str], None], to: str, subject: str, text: str) -> None:
    """Send one letter; again later while the mail server does not take it, never again when it refuses the address."""
    try:
        send_now(to, Letter(subject, text))
    except SMTPRecipientsRefused as refused:
        if all(code >= PERMANENT for code, _ in refused.recipients.values()):
            log.warning("the mail server refuses the recipient of a letter for good")
            return
        _later(self, "the mail server refuses the recipient of a letter for now")
    except OSError as trouble:
        _later(self, f"the mail server does not take a letter: {type(trouble).__name__}")


def _later(task: Task[..., Any], why: str) -> None:
    """Raises Retry; says in the log when it was the last attempt."""
    done = task.request.retries
    if done >= ATTEMPTS - 1:
        log.error("%s; given up after %d attempts", why, ATTEMPTS)
        return
    log.warning("%s; tried again later", why)
    raise task.retry(countdown=min(FIRST_PAUSE * 2**done, LONGEST_PAUSE), throw=False)
