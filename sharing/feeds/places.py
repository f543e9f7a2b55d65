"""The feeds in the lines to paste: resolvers, probes, firewalls, spreadsheets."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from iocmarket.accounts.feed_keys import KnownFeed, feeds
from iocmarket.accounts.roles import Scope
from iocmarket.accounts.snippets import Block, Tool, snippets
from sharing.feeds.blocks import lines_for
from sharing.feeds.formats.base import formats

_ADDRESSES, _NAMES = "?type=ipv4,ipv6,cidr&comments=no", "?type=domain&comments=no"


def _firewall(url: str, token: str, institution_id: int) -> list[Block]:
    """Two lists, since a firewall keeps addresses and names apart; and one to try."""
    settings = lines_for("Firewall", name="text", queries=(_ADDRESSES, _NAMES))
    trial = lines_for("curl", name="text", queries=(_ADDRESSES,))
    return [*settings(url, token, institution_id), *trial(url, token, institution_id)[:1]]


def _known(institution_id: int) -> list[KnownFeed]:
    del institution_id
    return [KnownFeed(fmt.name, fmt.extension) for fmt in formats]


def register() -> None:
    """Called once, when the app is ready."""
    feeds.register(_known)
    block, read = "block", Scope.FEEDS_READ
    snippets.register(
        Tool(
            title="BIND 9", note=_("response policy zone"), icon="dns", order=10, needs=read,
            writer=lines_for("BIND", name="rpz", file="rpz.iocmarket"), mode=block,
        ),
        Tool(
            title="Unbound", note=_("response policy zone"), icon="dns", order=20, needs=read,
            writer=lines_for("Unbound", name="rpz", file="rpz.iocmarket"), mode=block,
        ),
        Tool(
            title="Suricata", note=_("alert rules"), icon="probe", order=30, needs=read,
            writer=lines_for("Suricata", name="suricata"), mode="detect",
        ),
        Tool(
            title=_("Firewall"), note=_("list read over HTTPS, Basic log-in"), icon="wall", order=40, needs=read,
            writer=_firewall, mode=block,
        ),
        Tool(
            title=_("Spreadsheet"), note=_("CSV of the last thirty days"), icon="file", order=80, needs=read,
            writer=lines_for("curl", name="csv", queries=("?separator=semicolon&age=30d",)), mode="detect",
        ),
    )  # fmt: skip
