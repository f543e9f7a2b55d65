"""Where people are told of transfers: a card on the page of tokens, which leads to their page."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from iocmarket.accounts.roles import Scope
from iocmarket.accounts.snippets import Block, Tool, snippets


def _card(url: str, token: str, institution_id: int) -> list[Block]:
    """Nothing while no name server is configured."""
    del token, institution_id
    if settings.TRANSFER_ADDRESS is None:
        return []
    return [Block(_("set up by your managers on this page"), url + reverse("transfers"))]


def register() -> None:
    """Called once, when the app is ready."""
    snippets.register(
        Tool(
            title=_("Zone transfer"), note=_("response policy zone by AXFR and IXFR"), icon="dns", order=25,
            needs=Scope.FEEDS_READ, writer=_card, mode="block",
        )
    )  # fmt: skip
