"""nftables: the sets `ioc4` and `ioc6` of the table `inet iocmarket`, emptied and filled in one transaction.

A name among the addresses would make nft ask the DNS for it: nothing but addresses and networks is ever written. What
lies in another network of the feed is left out, and the sets merge what touches.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from sharing.feeds.formats.base import TOGETHER, LineFormat, Mode, Recipe, Tally, comments, fetch, formats
from sharing.feeds.items import Item, Meta
from sharing.feeds.shapes import ADDRESSES, address_of, uncovered

TABLE, SETS = "inet iocmarket", {4: "ioc4", 6: "ioc6"}
_RULES = """\
# {url}
table inet iocmarket {
  chain outgoing {
    type filter hook forward priority -10; policy accept;
    ip daddr @ioc4 counter reject
    ip6 daddr @ioc6 counter reject
    ip saddr @ioc4 counter drop
    ip6 saddr @ioc6 counter drop
  }
}
"""


class NFTables(LineFormat):
    """A script for `nft -f`, which loads as a whole or not at all, as often as one likes."""

    name = "nftables"
    label = "nftables"
    media_type = "text/plain; charset=utf-8"
    extension = "nft"
    mode = Mode.BLOCK
    plain = True
    accepts = ADDRESSES
    recipes = (
        fetch("nftables", then="nft -f {name}"),
        Recipe("nftables", "text", _RULES, "nftables.conf"),
    )

    def header(self, meta: Meta) -> bytes:
        """Comments, the table, its sets, and what empties them."""
        made = "".join(
            f"add set {TABLE} {name} {{ type ipv{version}_addr; flags interval; auto-merge; }}\n"
            for version, name in SETS.items()
        )
        emptied = "".join(f"flush set {TABLE} {name}\n" for name in SETS.values())
        return comments("#", meta) + f"add table {TABLE}\n{made}{emptied}".encode()

    def line(self, item: Item, options: Mapping[str, str]) -> str:
        """One element."""
        del options
        value = address_of(item)
        return f"add element {TABLE} {SETS[6 if ':' in value else 4]} {{ {value} }}\n"

    def written(self, items: Iterable[Item], options: Mapping[str, str], tally: Tally) -> Iterator[bytes]:
        """The elements without those that lie in another; an error in one would keep the whole script from loading."""
        lines: list[str] = []
        for item in uncovered(items, tally):
            tally.take(item)
            lines.append(self.line(item, options))
            if len(lines) == TOGETHER:
                yield "".join(lines).encode()
                lines.clear()
        yield "".join(lines).encode()


formats.register(NFTables())
