"""Where people are told of web hooks: a card on the page of tokens, which leads to their page."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from iocmarket.accounts.roles import Scope
from iocmarket.accounts.snippets import Block, Tool, snippets


def _card(url: str, token: str, institution_id: int) -> list[Block]:
    del token, institution_id
    return [Block(_("set up by your managers on this page"), url + reverse("webhooks"))]


def register() -> None:
    """Called once, when the app is ready."""
    snippets.register(
        Tool(
            title=_("Have changes sent to you"), note=_("web hook, Elasticsearch, OpenSearch"), icon="send", order=78,
            needs=Scope.INDICATORS_READ, writer=_card,
        )
    )  # fmt: skip
