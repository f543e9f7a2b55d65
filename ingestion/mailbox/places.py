"""Where people are told of the mailbox: a card on the page of tokens, which leads to the page of their keys."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from iocmarket.accounts.roles import Scope
from iocmarket.accounts.snippets import Block, Tool, snippets


def _mail(url: str, token: str, institution_id: int) -> list[Block]:
    del token, institution_id
    if not settings.MAILBOX_ADDRESS:
        return []
    return [
        Block(_("with an address of your own, from any account"), url + reverse("token-mail")),
        Block(_("or from your registered address, when its mails are signed (DKIM)"), settings.MAILBOX_ADDRESS),
    ]


def register() -> None:
    """Called once, when the app is ready."""
    snippets.register(
        Tool(
            title=_("Forward a suspicious mail"), note=_("as an attachment, or as it is"), icon="share", order=76,
            needs=Scope.INDICATORS_WRITE, writer=_mail,
        )
    )  # fmt: skip
