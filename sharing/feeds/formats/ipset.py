"""ipset: a file for `ipset restore` that fills new sets and swaps them for `iocmarket4` and `iocmarket6`.

A name among the addresses would make ipset ask the DNS for it: nothing but addresses and networks is ever written.
`maxelem` is always the same, because `create` refuses a set that exists with another one.
"""

from __future__ import annotations

from collections.abc import Mapping

from sharing.feeds.formats.base import LineFormat, Mode, Recipe, comments, fetch, formats
from sharing.feeds.items import Item, Meta
from sharing.feeds.shapes import ADDRESSES, address_of

SETS = {4: ("iocmarket4", "inet"), 6: ("iocmarket6", "inet6")}
MAXELEM = 16_777_216
_RULES = """\
# {url}
iptables -I FORWARD -m set --match-set iocmarket4 dst -j REJECT
ip6tables -I FORWARD -m set --match-set iocmarket6 dst -j REJECT
"""


class IPSet(LineFormat):
    """Sets of the type `hash:net`; until the swap the old ones hold."""

    name = "ipset"
    label = "ipset"
    media_type = "text/plain; charset=utf-8"
    extension = "ipset"
    mode = Mode.BLOCK
    plain = True
    accepts = ADDRESSES
    recipes = (
        fetch("ipset", then="ipset restore -exist < {name}"),
        Recipe("ipset", "text", _RULES),
    )

    def header(self, meta: Meta) -> bytes:
        """Comments, the sets if they are not there, and empty new ones."""
        made = "".join(
            f"create {name}{suffix} hash:net family {family} maxelem {MAXELEM} -exist\n"
            for name, family in SETS.values()
            for suffix in ("", "-new")
        )
        emptied = "".join(f"flush {name}-new\n" for name, _family in SETS.values())
        return comments("#", meta) + (made + emptied).encode()

    def footer(self, meta: Meta) -> bytes:
        """The new sets take the place of the old ones."""
        del meta
        return "".join(f"swap {name}-new {name}\ndestroy {name}-new\n" for name, _family in SETS.values()).encode()

    def line(self, item: Item, options: Mapping[str, str]) -> str:
        """One element."""
        del options
        value = address_of(item)
        return f"add {SETS[6 if ':' in value else 4][0]}-new {value}\n"


formats.register(IPSet())
