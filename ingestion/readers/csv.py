"""Tables as text: which sign parts the cells, where the heading is; the rest is tables.py.

The delimiter (`;`, `,`, `|` or a tab) is the one that makes the heading understood, else the one that gives values.
Lines above the heading (a title, comments of `#`, Excel's `sep=`) are passed over. A single column needs no heading.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import ClassVar

from ingestion.readers import credentials
from ingestion.readers.base import Row, RowReader, row_readers, shown
from ingestion.readers.headings import holds_values, is_known
from ingestion.readers.tables import MOST_COLUMNS, PREAMBLE, Layout, Line, layout_of, rows, with_roles
from iocmarket.kernel.decision import Refusal

DELIMITERS = ";,\t|"
_SEPARATOR = re.compile(r"sep=(.)\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a table is written."""

    delimiter: str
    layout: Layout
    spaced: bool = False
    """Whether a space stands before the quotes of a cell."""


class Csv(RowReader):
    """`valeur;type;tlp;commentaire`."""

    name: ClassVar[str] = "csv"
    media_types: ClassVar[tuple[str, ...]] = ("text/csv", "text/tab-separated-values")
    suffixes: ClassVar[tuple[str, ...]] = (".csv", ".tsv")
    tabular: ClassVar[bool] = True

    def rows(self, lines: Iterable[str], columns: Sequence[str] = ()) -> Iterator[Row]:
        """See RowReader. Raises Refusal: `bad_csv`, and those of `rows` and `with_roles`."""
        numbered = _Numbered(lines)
        top = _top(numbered)
        if not top:
            return
        if (heading := next((line for line in top if credentials.is_account_table(line)), "")) and not columns:
            numbered.put_back(top[top.index(heading) + 1 :])
            yield from _leaked(numbered, heading)
            return
        dialect = _dialect(top)
        numbered.put_back(top[dialect.layout.line - (1 if not dialect.layout.titles else 0) :])
        layout = with_roles(dialect.layout, columns) if columns else dialect.layout
        yield from rows(_cells(numbered, dialect), layout)


def layout_in(lines: Iterable[str]) -> Layout | None:
    """What a table says of its columns; None for an empty one and for one of accounts."""
    top = _top(_Numbered(lines))
    if not top or any(map(credentials.is_account_table, top)):
        return None
    return _dialect(top).layout


class _Numbered:
    """Lines that know their number, also when the CSV reader takes several of them for one row."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self.number = 0

    def put_back(self, lines: list[str]) -> None:
        """Give the last lines again."""
        self._lines = chain(lines, self._lines)
        self.number -= len(lines)

    def __iter__(self) -> _Numbered:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.number += 1
        return line


def _top(lines: _Numbered) -> list[str]:
    """The first lines, as many as a heading may stand below; none when there is nothing but blanks."""
    found: list[str] = []
    filled = 0
    for line in lines:
        found.append(line)
        filled += bool(line.strip("\r\n \t;,|"))
        if filled > PREAMBLE:
            break
    return found if filled else []


def _dialect(top: list[str]) -> Dialect:
    """How the table under these first lines is written: by its heading, else by its first line."""
    filled = [(number, line) for number, line in enumerate(top, start=1) if line.strip("\r\n \t;,|")]
    said = ""
    if (match := _SEPARATOR.fullmatch(filled[0][1].strip())) is not None and match[1] in DELIMITERS:
        said, filled = match[1], filled[1:] or filled
    first = next((number for number, line in filled if not line.startswith("#")), filled[0][0])
    for number, line in filled:
        if (found := _best(line, number, said, top)) is not None and _has_values(found):
            return found
        if number >= first and _plain_list(line, said):
            break
    line = dict(filled)[first]
    return _best(line, first, said, top) or _without_heading(line, first, said, top)


def _plain_list(line: str, said: str) -> bool:
    """Whether a line is one of values already, so that no heading follows."""
    return any(_is_data(layout_of(_split(line, delimiter), 1)) for delimiter in said or DELIMITERS)


def _is_data(layout: Layout) -> bool:
    return not layout.titles and len(layout.roles) > 1


def _has_values(dialect: Dialect) -> bool:
    return any(map(holds_values, dialect.layout.roles))


def _best(line: str, number: int, said: str, top: list[str]) -> Dialect | None:
    """The delimiter that makes most of the line known headings; None when none of them is known."""
    best: tuple[int, str] = (0, "")
    for delimiter in said or DELIMITERS:
        titles = _titles(line, delimiter)
        known = sum(map(is_known, titles))
        if known > best[0] and len(titles) <= MOST_COLUMNS:
            best = (known, delimiter)
    if not best[0]:
        return None
    layout = layout_of(_titles(line, best[1]), number)
    return Dialect(best[1], layout, _is_spaced(best[1], top)) if layout.titles else None


def _without_heading(line: str, number: int, said: str, top: list[str]) -> Dialect:
    """A list, or a table without a heading: the delimiter that makes all cells values, else the one most used."""
    found = [(delimiter, layout_of(_split(line, delimiter), number)) for delimiter in said or DELIMITERS]
    for delimiter, layout in found:
        if _is_data(layout) and _has_values(Dialect(delimiter, layout)):
            return Dialect(delimiter, layout, _is_spaced(delimiter, top))
    delimiter, layout = max(found, key=lambda each: len(each[1].roles))
    return Dialect(delimiter, layout, _is_spaced(delimiter, top))


def _is_spaced(delimiter: str, top: list[str]) -> bool:
    return any(f'"{delimiter} "' in line for line in top)


def _titles(line: str, delimiter: str) -> list[str]:
    """The cells of a heading, which some tools write as a comment (`# "ioc_value", "ioc_type"`)."""
    bare = line[1:] if line.startswith(("# ", '#"')) else line
    return [title.strip(' "') for title in _split(bare.strip(), delimiter)]


def _split(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return [line]


def _cells(lines: _Numbered, dialect: Dialect) -> Iterator[Line]:
    table = csv.reader(lines, delimiter=dialect.delimiter, skipinitialspace=dialect.spaced)
    first = lines.number + 1
    try:
        for cells in table:
            line, first = first, lines.number + 1
            yield line, cells
    except csv.Error as error:
        raise Refusal("bad_csv", f"the table cannot be read: {error}", where=f"line {lines.number}") from error


def _leaked(lines: _Numbered, heading: str) -> Iterator[Row]:
    """The rows of a table of accounts with their passwords: victims, of whom nothing is kept."""
    for line in lines:
        if bare := line.strip():
            blanked = shown(credentials.blanked_row(bare, heading))
            yield Row(lines.number, {}, blanked, credentials.refusal())


row_readers.register(Csv())
