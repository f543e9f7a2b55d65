"""dnsmasq's configuration: names only. From version 2.86 on it searches such lists by halves, before line by line.

A record below a listed name would turn the NXDOMAIN of that name into an empty answer: such names are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from iocmarket.indicators.types.base import Trait
from sharing.feeds.formats.base import Mode, Recipe, comments, fetch, formats
from sharing.feeds.formats.names import ByName, dns_name
from sharing.feeds.items import Item, Meta

_ANSWERS = {"nxdomain": "", "null": "#"}
_CONF = """\
conf-file=/etc/dnsmasq.d/{name}
"""


class Dnsmasq(ByName):
    """`address=/name/` for a name with its sub-names; `host-record` for a single one, which means it alone."""

    name = "dnsmasq"
    label = "dnsmasq"
    media_type = "text/plain; charset=utf-8"
    extension = "conf"
    mode = Mode.BLOCK
    plain = True
    accepts = frozenset({Trait.NAME})
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {"action": tuple(_ANSWERS)}
    recipes = (
        fetch("dnsmasq", then="dnsmasq --test && systemctl restart dnsmasq"),
        Recipe("dnsmasq", "ini", _CONF, "dnsmasq.conf"),
    )

    def header(self, meta: Meta) -> bytes:
        """Comments."""
        return comments("#", meta)

    def line(self, item: Item, options: Mapping[str, str]) -> str:
        """One line. Raises Unwritable(`not_a_dns_name`)."""
        name = dns_name(item.value)
        if item.subtree:
            return f"address=/{name}/{_ANSWERS[options['action']]}\n"
        return f"host-record={name},0.0.0.0,::\n"


formats.register(Dnsmasq())
