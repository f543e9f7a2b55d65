"""The feeds in the lines to paste: resolvers, probes, firewalls, spreadsheets."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from iocmarket.accounts.feed_keys import KnownFeed, feeds
from iocmarket.accounts.roles import Scope
from iocmarket.accounts.snippets import Block, Tool, header_file, snippets
from sharing.feeds.formats.base import formats

_FETCH = _("every five minutes")


def _fetch(url: str, token: str, path: str, file: str) -> Block:
    """Written beside and renamed, so that a tool never reads half a file and a failed request changes nothing."""
    return Block(
        _FETCH,
        f"{header_file(token)}\n"
        f"curl -fsS --compressed -H @iocmarket.header -o {file}.new \\\n"
        f"  '{url}/feeds/{path}' && mv {file}.new {file}",
        runs="sh",
    )


def _bind(url: str, token: str, institution_id: int) -> list[Block]:
    del institution_id
    return [
        _fetch(url, token, "rpz", "rpz.iocmarket.zone"),
        Block(
            "named.conf",
            "options {\n"
            '  response-policy { zone "rpz.iocmarket" policy given max-policy-ttl 300 min-update-interval 5; }\n'
            "    qname-wait-recurse no;\n"
            "};\n"
            'zone "rpz.iocmarket" {\n'
            "  type primary;\n"
            '  file "/etc/bind/rpz.iocmarket.zone";\n'
            "  allow-query { localhost; };\n"
            "};\n"
            "// rndc reload rpz.iocmarket",
        ),
    ]


def _unbound(url: str, token: str, institution_id: int) -> list[Block]:
    del institution_id
    return [
        _fetch(url, token, "rpz", "rpz.iocmarket.zone"),
        Block(
            "unbound.conf",
            "server:\n"
            '  module-config: "respip validator iterator"\n'
            "rpz:\n"
            "  name: rpz.iocmarket\n"
            "  zonefile: /etc/unbound/rpz.iocmarket.zone\n"
            "  rpz-log: yes\n"
            "# unbound-control auth_zone_reload rpz.iocmarket",
        ),
    ]


def _suricata(url: str, token: str, institution_id: int) -> list[Block]:
    del institution_id
    return [
        _fetch(url, token, "suricata", "iocmarket.rules"),
        Block("suricata.yaml", "rule-files:\n  - iocmarket.rules\n# suricatasc -c ruleset-reload-nonblocking"),
    ]


def _firewall(url: str, token: str, institution_id: int) -> list[Block]:
    del institution_id
    addresses, names = "type=ipv4,ipv6,cidr&comments=no", "type=domain&comments=no"
    return [
        Block(
            _("settings of the list"),
            f"{url}/feeds/text?{addresses}\n{url}/feeds/text?{names}\nuser: iocmarket\npassword: {token}",
        ),
        Block(_("to try it"), f"curl -fsS -u iocmarket:{token} '{url}/feeds/text?{addresses}&limit=5'", runs="sh"),
    ]


def _csv(url: str, token: str, institution_id: int) -> list[Block]:
    del institution_id
    return [
        Block(
            _("in a terminal"),
            f"curl -fsS -H 'Authorization: Bearer {token}' -o iocmarket.csv \\\n"
            f"  '{url}/feeds/csv?separator=semicolon&age=30d'",
            runs="sh",
        )
    ]


def _known() -> list[KnownFeed]:
    return [KnownFeed(fmt.name, fmt.extension) for fmt in formats]


def register() -> None:
    """Called once, when the app is ready."""
    feeds.register(_known)
    block, read = "block", Scope.FEEDS_READ
    snippets.register(
        Tool(
            title="BIND 9", note=_("response policy zone"), icon="dns", order=10, needs=read, writer=_bind, mode=block
        ),
        Tool(
            title="Unbound", note=_("response policy zone"), icon="dns", order=20, needs=read, writer=_unbound,
            mode=block,
        ),
        Tool(
            title="Suricata", note=_("alert rules"), icon="probe", order=30, needs=read, writer=_suricata, mode="detect"
        ),
        Tool(
            title=_("Firewall"), note=_("list read over HTTPS, Basic log-in"), icon="wall", order=40, needs=read,
            writer=_firewall, mode=block,
        ),
        Tool(
            title=_("Spreadsheet"), note=_("CSV of the last thirty days"), icon="file", order=80, needs=read,
            writer=_csv, mode="detect",
        ),
    )  # fmt: skip
