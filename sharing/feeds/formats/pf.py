"""pf (OpenBSD, FreeBSD, pfSense, OPNsense): a table of addresses and networks, one a line.

A name among the addresses would make pfctl ask the DNS for it: nothing but addresses and networks is ever written.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from sharing.feeds.formats.base import LineFormat, Mode, Recipe, comments, fetch, formats
from sharing.feeds.items import Item, Meta
from sharing.feeds.shapes import ADDRESSES, address_of

ENTRIES = 200_000
"""What a table holds unless `set limit table-entries` says otherwise; one entry more, and nothing is loaded."""
_PF_CONF = """\
table <iocmarket> persist file "/etc/{name}"
block drop quick from any to <iocmarket>
block drop quick from <iocmarket> to any
"""


class Pf(LineFormat):
    """`#` begins a comment."""

    name = "pf"
    label = "pf"
    media_type = "text/plain; charset=utf-8"
    extension = "txt"
    mode = Mode.BLOCK
    plain = True
    accepts = ADDRESSES
    recipes = (
        fetch("pf", then="pfctl -t iocmarket -T replace -f {name}"),
        Recipe("pf", "text", _PF_CONF, "pf.conf"),
        Recipe("pfSense, OPNsense", "text", "{url}\n", _("alias of the type URL table (IPs), with a feed key")),
    )

    def most(self, options: Mapping[str, str]) -> int | None:
        """As many as a table takes."""
        del options
        return ENTRIES

    def header(self, meta: Meta) -> bytes:
        """Comments, in ASCII: some of its readers take nothing else."""
        return unicodedata.normalize("NFKD", comments("#", meta).decode()).encode("ascii", "ignore")

    def line(self, item: Item, options: Mapping[str, str]) -> str:
        """One entry."""
        del options
        return f"{address_of(item)}\n"


formats.register(Pf())
