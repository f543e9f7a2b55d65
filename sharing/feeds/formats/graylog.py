"""Graylog: a CSV file for its lookup tables, every cell between quotes.

The adapter compares keys as they stand; with its option for networks it also finds an address in a prefix.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from iocmarket.indicators.types.base import Trait
from sharing.feeds.formats.base import Mode, Recipe, fetch, formats
from sharing.feeds.items import Item, Meta
from sharing.feeds.shapes import ADDRESSES, OF_A_KIND, OneOfSeveral
from sharing.feeds.spelling import exact_cell, moment, remark, row

COLUMNS = ("key", "value", "type", "tlp", "pap", "score", "last_seen")
_ADAPTER = """\
Data adapter: CSV File
  File path: /etc/graylog/{name}   (on every node)
  Separator: ,   Quote character: "
  Key column: key   Value column: value
  Allow CIDR lookup: on for addresses
"""
_PIPELINE = """\
rule "IOC market"
when has_field("src_ip")
then set_field("threat", lookup_value("iocmarket", to_string($message.src_ip)));
end
"""


class Graylog(OneOfSeveral):
    """`"key","value",…`: the value says threats, TLP and PAP."""

    name = "graylog"
    label = "Graylog"
    media_type = "text/csv; charset=utf-8; header=present"
    extension = "csv"
    mode = Mode.DETECT
    accepts = frozenset({*ADDRESSES, Trait.NAME, Trait.URL, Trait.FILE_HASH})
    also = frozenset({"email"})
    lists = OF_A_KIND
    chooser = "list"
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {"list": tuple(lists)}
    recipes = (
        fetch("Graylog"),
        Recipe("Graylog", "text", _ADAPTER, _("lookup table")),
        Recipe("Graylog", "text", _PIPELINE, _("pipeline rule")),
    )

    def header(self, meta: Meta) -> bytes:
        """The names of the columns."""
        del meta
        return row(COLUMNS, quoted=True).encode()

    def line(self, item: Item, options: Mapping[str, str]) -> str:
        """One row. Raises Unwritable: `formula`, `not_one_line`."""
        del options
        cells = (
            exact_cell(item.value), remark(item), item.type, item.marking.tlp.label, item.marking.pap.label,
            str(round(item.score)), moment(item.last_seen),
        )  # fmt: skip
        return row(cells, quoted=True)


formats.register(Graylog())
