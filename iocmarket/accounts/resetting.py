"""A forgotten password: the page says the same and does the same for every address; the worker looks who has it.

An answer that looked the address up would take longer, or shorter, for one that nobody has: then its time tells.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import ResetPasswordForm, default_token_generator
from allauth.account.utils import filter_users_by_email, user_pk_to_url_str
from django.db import transaction
from django.http import HttpRequest

from iocmarket.accounts.languages import language_here
from iocmarket.accounts.models import Member
from iocmarket.web.mails import send_mail_later

log = logging.getLogger(__name__)


class ForgottenForm(ResetPasswordForm):  # type: ignore[misc]
    """One field; it asks nobody whether the address is known."""

    def clean_email(self) -> str:
        """Without the library's look-up."""
        return str(get_adapter().clean_email(self.cleaned_data["email"].lower()))

    def save(self, request: HttpRequest, **_: Any) -> str:
        """Ask the worker for the letter."""
        del request
        email = str(self.cleaned_data["email"])
        transaction.on_commit(partial(_ask, email, language_here()), robust=True)
        return email


def send_link(email: str, language: str) -> None:
    """The letter with the link to each account of that address, or the one that tells that there is none.

    `language` is that of the page, for somebody whose own is not known.
    """
    members: list[Member] = filter_users_by_email(email, is_active=True, prefer_verified=True)
    if not members:
        send_mail_later("unknown_account", email, {}, language)
    for member in members:
        key = f"{user_pk_to_url_str(member)}-{default_token_generator.make_token(member)}"
        link = get_adapter().get_reset_password_from_key_url(key)
        send_mail_later("reset_password", email, {"link": link}, member.language)


def _ask(email: str, language: str) -> None:
    from iocmarket.accounts.tasks import forgotten_password  # noqa: PLC0415 (the task sends with this module)

    try:
        forgotten_password.delay(email, language)
    except Exception:  # noqa: BLE001 (whatever the broker does, the page says the same)
        log.error("the broker does not answer: a request for a new password is lost")  # noqa: TRY400 (see mails.py)
