"""Letters to people: written at once in the recipient's language, sent by the worker once the act is in the database.

A template `mails/NAME.txt` has its subject in the first line and the text from the third on; it is plain text, never
escaped as HTML. A letter that cannot be sent never makes the act fail that it tells of.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import cast

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.template import Context
from django.template.backends.django import Template
from django.template.loader import get_template
from django.utils import translation

log = logging.getLogger(__name__)
SUBJECT_LENGTH = 200
"""Characters of a subject: names that people chose are in some of them."""


@dataclass(frozen=True, slots=True)
class Letter:
    """What is sent. The subject is one line, whatever was put into it."""

    subject: str
    text: str


def send_mail_later(template: str, to: str, context: Mapping[str, object], language: str = "") -> None:
    """Send `templates/mails/{template}.txt` to one address when the transaction has been committed.

    `language` is a code of settings.LANGUAGES, French when it is empty or unknown. The template knows `community` and
    `url` (the address of the platform, without a slash at its end) besides the context. Raises TemplateDoesNotExist for
    a template that is not there; nothing that happens to the letter later is raised.
    """
    letter = written(template, context, language)
    transaction.on_commit(partial(_hand_over, template, to, letter), robust=True)


def written(template: str, context: Mapping[str, object], language: str = "") -> Letter:
    """The letter as its reader gets it."""
    known = {"community": settings.COMMUNITY_NAME, "url": settings.PUBLIC_URL, **context}
    page = cast("Template", get_template(f"mails/{template}.txt"))
    with translation.override(language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE):
        text = page.template.render(Context(known, autoescape=False))
    subject, _, body = text.strip().partition("\n")
    return Letter(one_line(f"[{settings.COMMUNITY_NAME}] {subject}"), body.strip() + "\n")


def one_line(text: str) -> str:
    """Without line ends and control characters, which would begin a header of their own; not too long."""
    kept = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return kept if len(kept) <= SUBJECT_LENGTH else kept[: SUBJECT_LENGTH - 1] + "…"


def send_now(to: str, letter: Letter) -> None:
    """Hand one letter to the mail server. Raises OSError (SMTPException is one) when the server does not take it."""
    # Answers of absence and lists leave it alone (RFC 3834).
    headers = {"Auto-Submitted": "auto-generated"}
    EmailMessage(letter.subject, letter.text, to=[to], headers=headers).send()


def _hand_over(template: str, to: str, letter: Letter) -> None:
    """To the worker. Neither the address nor the text is written to a log: a letter may hold a link that opens."""
    from iocmarket.web.tasks import deliver  # noqa: PLC0415 (the task sends with this module)

    try:
        deliver.delay(to, letter.subject, letter.text)
    except Exception:  # noqa: BLE001 (whatever the broker does, the act stands)
        log.error("the broker does not answer: a letter %r is lost", template)  # noqa: TRY400 (a trace shows the text)
