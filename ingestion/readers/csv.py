"""Tables: one indicator a line, its columns named by a heading in English or French.

The delimiter (`;`, `,` or a tab) is the one that makes the heading understood. A heading that is not known refuses the
file, since a mistyped `tlp` must not become the default; a column that is not meant for us has no heading, or one that
begins with `#` or `_`. A file of a single column needs no heading.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import ClassVar

from ingestion.readers import credentials
from ingestion.readers.base import Row, RowReader, row_readers, shown
from iocmarket.kernel.decision import Refusal

DELIMITERS = ";,\t"
_SKIPPED = ("#", "_")
_EDGES = re.compile(r"[\s_\-.]+")

# Headings as people write them, folded (see `_folded`), and the field that each means.
_HEADINGS = {
    "value": "value ioc iocs indicator indicators indicateur indicateurs observable valeur ip domain domaine url hash",
    "type": "type ioc_type type_ioc type_d_ioc type_indicateur indicator_type",
    "tlp": "tlp marquage_tlp",
    "pap": "pap marquage_pap",
    "threat_type": "threat_type threat menace type_de_menace type_menace",
    "confidence": "confidence confiance",
    "audience": "audience",
    "recipients": "recipients destinataires",
    "circle": "circle cercle",
    "first_seen": "first_seen premiere_vue premiere_observation vu_la_premiere_fois debut",
    "last_seen": "last_seen derniere_vue derniere_observation vu_la_derniere_fois fin",
    "valid_until": "valid_until expires expiration valable_jusqu_au valide_jusqu_au",
    "comment": "comment comments commentaire commentaires description remarque",
    "tags": "tags tag etiquettes etiquette labels",
    "anonymous": "anonymous anonyme",
    "subtree": "subtree sous_domaines sous_noms",
}
_FIELDS = {heading: name for name, headings in _HEADINGS.items() for heading in headings.split()}


class Csv(RowReader):
    """`valeur;type;tlp;commentaire`."""

    name: ClassVar[str] = "csv"
    media_types: ClassVar[tuple[str, ...]] = ("text/csv", "text/tab-separated-values")

    def rows(self, lines: Iterable[str]) -> Iterator[Row]:
        """See RowReader. Raises Refusal: `unknown_column`, `duplicate_column`, `no_value_column`, `bad_csv`."""
        numbered = _Numbered(lines)
        heading = next((line for line in numbered if line.strip("\r\n \t;,")), "")
        if not heading:
            return
        if credentials.is_account_table(heading):
            yield from _leaked(numbered, heading)
            return
        delimiter, names = _understood(heading)
        if not names:  # a list of values in a column of its own
            numbered.put_back(heading)
        yield from _table(numbered, delimiter, names or ["value"])


class _Numbered:
    """Lines that know their number, also when the CSV reader takes several of them for one row."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self.number = 0

    def put_back(self, line: str) -> None:
        """Give one line again."""
        self._lines = chain([line], self._lines)
        self.number -= 1

    def __iter__(self) -> _Numbered:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.number += 1
        return line


def _understood(heading: str) -> tuple[str, list[str]]:
    """The delimiter and the field of each column (empty: passed over); no names when there is no heading."""
    best: tuple[int, str, list[str]] = (0, ";", [])
    for delimiter in DELIMITERS:
        titles = next(csv.reader([heading], delimiter=delimiter), [])
        known = sum(_folded(title) in _FIELDS for title in titles)
        if known > best[0]:
            best = (known, delimiter, titles)
    known, delimiter, titles = best
    if not known:
        if any(sign in heading for sign in DELIMITERS):
            detail = f"the first line names no column with the values; one of {', '.join(_HEADINGS['value'].split())}"
            raise Refusal("no_value_column", detail, where="line 1")
        return ";", []
    names = [_field(title) for title in titles]
    for name in filter(None, names):
        if names.count(name) > 1:
            raise Refusal("duplicate_column", f"two columns mean {name}", where="line 1")
    if "value" not in names:
        raise Refusal("no_value_column", "no column has the values: name it value or valeur", where="line 1")
    return delimiter, names


def _field(title: str) -> str:
    bare = title.strip()
    if not bare or bare.startswith(_SKIPPED):
        return ""
    name = _FIELDS.get(_folded(bare))
    if name is None:
        detail = f"the column {bare[:60]!r} is not known; take it out, or begin its name with # to have it passed over"
        raise Refusal("unknown_column", detail, where="line 1")
    return name


def _folded(title: str) -> str:
    """A heading in lower case, without accents, words joined by underscores."""
    plain = unicodedata.normalize("NFD", title.strip().lower().replace("'", " ").replace("’", " "))
    plain = "".join(character for character in plain if not unicodedata.combining(character))
    return _EDGES.sub("_", plain).strip("_")


def _table(lines: _Numbered, delimiter: str, names: list[str]) -> Iterator[Row]:
    table = csv.reader(lines, delimiter=delimiter)
    first = lines.number + 1
    width = len(names)
    try:
        for cells in table:
            line, first = first, lines.number + 1
            if not any(cells) or not "".join(cells).strip():
                continue
            if len(cells) > width and any(cell.strip() for cell in cells[width:]):
                yield _askew(line, cells, width)
            else:
                yield Row(line, {name: cell for name, cell in zip(names, cells, strict=False) if name and cell.strip()})
    except csv.Error as error:
        raise Refusal("bad_csv", f"the table cannot be read: {error}", where=f"line {lines.number}") from error


def _askew(line: int, cells: list[str], width: int) -> Row:
    raw = shown(credentials.redact(" ".join(cells)))
    refusal = Refusal("too_many_cells", f"The line has {len(cells)} cells; the heading has {width}.")
    return Row(line, {}, raw, refusal)


def _leaked(lines: _Numbered, heading: str) -> Iterator[Row]:
    """The rows of a table of accounts with their passwords: victims, of whom nothing is kept."""
    for line in lines:
        if bare := line.strip():
            blanked = shown(credentials.blanked_row(bare, heading))
            yield Row(lines.number, {}, blanked, credentials.refusal())


row_readers.register(Csv())
