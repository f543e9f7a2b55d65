"""The news in the lines to paste, and among the feeds that a key may open."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from iocmarket.accounts.feed_keys import KnownFeed, feeds
from iocmarket.accounts.roles import Scope
from iocmarket.accounts.snippets import Block, Tool, snippets
from sharing.news.papers import PAPERS


def _known(institution_id: int) -> list[KnownFeed]:
    del institution_id
    return [KnownFeed(name, "xml") for name in PAPERS]


def _card(url: str, token: str, institution_id: int) -> list[Block]:
    del institution_id
    return [
        Block(_("with a feed key for atom, made on this page"), f"{url}/feeds/k/KEY/atom.xml"),
        Block(
            _("or with a token"),
            f"curl -fsS -H 'Authorization: Bearer {token}' \\\n  '{url}/feeds/atom?threat_type=phishing'",
            runs="sh",
        ),
    ]


def register() -> None:
    """Called once, when the app is ready."""
    feeds.register(_known)
    snippets.register(
        Tool(
            title=_("Feed reader"), note=_("Atom or RSS, for people"), icon="file", order=85, needs=Scope.FEEDS_READ,
            writer=_card,
        )
    )  # fmt: skip
