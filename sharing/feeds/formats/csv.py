"""CSV with a header line, for spreadsheets and for tools with a CSV input; carries the marking of each value.

A cell that a spreadsheet would run as a formula is preceded by an apostrophe (OWASP, CSV Injection).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from iocmarket.indicators.types.base import Trait
from sharing.feeds.formats.base import LineFormat, Mode, fetch, formats
from sharing.feeds.items import Item, Meta
from sharing.feeds.spelling import FORMULA, moment, row

COLUMNS = (
    "id", "type", "value", "subtree", "tlp", "pap", "threat_types", "score", "institutions", "first_seen", "last_seen",
    "valid_until",
)  # fmt: skip
_SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t"}


class Csv(LineFormat):
    """RFC 4180, UTF-8, every value of every type."""

    name = "csv"
    label = "CSV"
    media_type = "text/csv; charset=utf-8; header=present"
    extension = "csv"
    mode = Mode.DETECT
    accepts = frozenset(Trait)
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {"separator": tuple(_SEPARATORS)}
    recipes = (fetch("curl"),)

    def header(self, meta: Meta) -> bytes:
        """The names of the columns. No comment: CSV has none."""
        return row(COLUMNS, separator=_SEPARATORS[meta.options.get("separator", "comma")], ending="\r\n").encode()

    def line(self, item: Item, options: Mapping[str, str]) -> str:
        """One row."""
        cells = (
            str(item.public_id),
            item.type,
            item.value,
            "true" if item.subtree else "false",
            item.marking.tlp.label,
            item.marking.pap.label,
            " ".join(item.threat_types),
            str(round(item.score)),
            str(item.institutions),
            moment(item.first_seen),
            moment(item.last_seen),
            moment(item.valid_until),
        )
        return row([_harmless(cell) for cell in cells], separator=_SEPARATORS[options["separator"]], ending="\r\n")


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA) else cell


formats.register(Csv())
