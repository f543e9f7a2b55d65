"""A hosts file, for single machines and for resolvers that read one: exact names only, sub-names are not stopped."""

from __future__ import annotations

from collections.abc import Mapping

from iocmarket.indicators.types.base import Trait
from sharing.feeds.formats.base import LineFormat, Mode, Recipe, comments, fetch, formats
from sharing.feeds.formats.names import dns_name
from sharing.feeds.items import Item, Meta

_DNSMASQ = """\
addn-hosts=/etc/dnsmasq.d/{name}
"""


class Hosts(LineFormat):
    """Null addresses of both versions: a connection fails at once, and nothing on the machine is asked."""

    name = "hosts"
    label = "hosts"
    media_type = "text/plain; charset=utf-8"
    extension = "txt"
    mode = Mode.BLOCK
    plain = True
    accepts = frozenset({Trait.NAME})
    recipes = (
        fetch("hosts"),
        Recipe("dnsmasq", "ini", _DNSMASQ, "dnsmasq.conf"),
    )

    def header(self, meta: Meta) -> bytes:
        """Comments."""
        return comments("#", meta)

    def line(self, item: Item, options: Mapping[str, str]) -> str:
        """Two lines. Raises Unwritable(`not_a_dns_name`)."""
        del options
        name = dns_name(item.value)
        return f"0.0.0.0 {name}\n:: {name}\n"


formats.register(Hosts())
