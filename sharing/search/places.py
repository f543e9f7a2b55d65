"""The reading pages in the navigation, and where a value chip leads."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from iocmarket.accounts.roles import Scope
from iocmarket.accounts.snippets import Block, Tool, snippets
from iocmarket.web.navigation import NavItem, links, navigation


def _look_up(url: str, token: str, institution_id: int) -> list[Block]:
    del institution_id
    return [
        Block(
            _("up to 10,000 values at once"),
            f"curl -fsS -H 'Authorization: Bearer {token}' -H 'Content-Type: application/json' \\\n"
            '  -d \'{"values": ["185.220.101[.]45", "connexion-cas-valbrune[.]top"]}\' \\\n'
            f"  '{url}/api/v1/lookup'",
            runs="sh",
        )
    ]


def register() -> None:
    """Called once, when the app is ready."""
    navigation.register(
        NavItem(key="home", label=_("What concerns me"), url_name="home", icon="home", order=10, shortcut="h"),
        NavItem(
            key="search",
            label=_("Search"),
            url_name="search",
            icon="search",
            order=20,
            shortcut="c",
            also=("indicator",),
        ),
    )
    links.register("indicator", "indicator")
    snippets.register(
        Tool(
            title=_("Look up from a script"), note=_("known or unknown, with the marking"), icon="search", order=70,
            needs=Scope.INDICATORS_READ, writer=_look_up, mode="detect",
        ),
    )  # fmt: skip
