"""Where people are told of subscriptions: a card on the page of tokens, which leads to their page."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from iocmarket.accounts.roles import Scope
from iocmarket.accounts.snippets import Block, Tool, snippets


def _card(url: str, token: str, institution_id: int) -> list[Block]:
    del token, institution_id
    return [Block(_("set up by your managers on this page"), url + reverse("subscriptions"))]


def register() -> None:
    """Called once, when the app is ready."""
    snippets.register(
        Tool(
            title=_("Fetch from other servers"), note=_("MISP, TAXII 2.1"), icon="share", order=77,
            needs=Scope.INDICATORS_WRITE, writer=_card,
        )
    )  # fmt: skip
