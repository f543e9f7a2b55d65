"""CSV with a header line, for spreadsheets and for tools with a CSV input; carries the marking of each value.

A cell that a spreadsheet would run as a formula is preceded by an apostrophe (OWASP, CSV Injection).
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any, ClassVar

from iocmarket.indicators.types.base import Trait
from sharing.feeds.formats.base import LineFormat, Mode, formats
from sharing.feeds.items import Item, Meta

COLUMNS = (
    "id", "type", "value", "subtree", "tlp", "pap", "threat_types", "score", "institutions", "first_seen", "last_seen",
    "valid_until",
)  # fmt: skip
_SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t"}
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


class Csv(LineFormat):
    """RFC 4180, UTF-8, every value of every type."""

    name = "csv"
    label = "CSV"
    media_type = "text/csv; charset=utf-8; header=present"
    extension = "csv"
    mode = Mode.DETECT
    accepts = frozenset(Trait)
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {"separator": tuple(_SEPARATORS)}

    def header(self, meta: Meta) -> bytes:
        """The names of the columns. No comment: CSV has none."""
        return _row(COLUMNS, meta.options.get("separator", "comma")).encode()

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
            _moment(item.first_seen),
            _moment(item.last_seen),
            _moment(item.valid_until),
        )
        return _row([_harmless(cell) for cell in cells], options["separator"])


def _moment(moment: datetime) -> str:
    """A third of what strftime costs."""
    return moment.isoformat(timespec="seconds")[:19] + "Z"


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _row(cells: tuple[str, ...] | list[str], separator: str) -> str:
    # `writerow` returns what `write` returns.
    written: str = _writer(separator).writerow(cells)
    return written


class _Echo:
    """A file that gives back what is written to it."""

    @staticmethod
    def write(text: str) -> str:
        return text


@cache
def _writer(separator: str) -> Any:
    return csv.writer(_Echo(), delimiter=_SEPARATORS[separator], lineterminator="\r\n")


formats.register(Csv())
