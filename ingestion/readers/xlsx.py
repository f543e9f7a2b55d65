"""Spreadsheets of Excel and LibreOffice (.xlsx): each visible sheet with a column of values is a table (tables.py).

The file is a zip of XML: what it says of itself is checked before anything is unpacked, and every cap is named in the
refusal. Values are read as the file holds them; no formula is computed, nothing outside of the file is opened.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from itertools import islice
from typing import Any, ClassVar

from ingestion.readers import credentials
from ingestion.readers.base import Row, shown
from ingestion.readers.files import MIB, FileContext, FileReader, Opened, Source, file_readers
from ingestion.readers.headings import holds_values
from ingestion.readers.tables import MOST_COLUMNS, PREAMBLE, Layout, Line, layout_among, rows, with_roles
from iocmarket.kernel.decision import Refusal

ENTRIES = 2000
UNPACKED = 64 * MIB
STRINGS = 24 * MIB
"""Of the table of texts, which is held in memory as a whole."""
RATIO = 200
"""Unpacked bytes for each packed one, of parts above one MiB: tables have ten to forty."""
ROWS = 150_000
_STRINGS_AT = "xl/sharedstrings.xml"
_HEAD = 64 * 1024


class Xlsx(FileReader):
    """`.xlsx`."""

    name: ClassVar[str] = "xlsx"
    media_types: ClassVar[tuple[str, ...]] = ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",)
    suffixes: ClassVar[tuple[str, ...]] = (".xlsx",)
    size_max: ClassVar[int] = 16 * MIB
    tabular: ClassVar[bool] = True

    def opened(self, source: Source, context: FileContext) -> Opened:
        """See FileReader. Raises Refusal: `not_xlsx`, `zip_bomb`, and those of a table."""
        data = source.read()
        _check(data)
        with _understood():
            sheets = [(sheet, top) for sheet in _sheets(data) if (top := list(islice(_lines(sheet), PREAMBLE)))]
        if not sheets:
            return Opened([])
        tables = [(sheet, layout_among(top), top) for sheet, top in sheets]
        chosen = [found for found in tables if any(map(holds_values, found[1].roles))] or tables[:1]
        if context.columns:
            chosen = [(sheet, with_roles(layout, context.columns), top) for sheet, layout, top in chosen[:1]]
        return Opened(_items(chosen))


def layout_in(source: Source) -> Layout | None:
    """What the first table of a spreadsheet says of its columns; None for an empty one. Raises Refusal as `opened`."""
    data = source.read()
    _check(data)
    with _understood():
        found = [layout_among(top) for sheet in _sheets(data) if (top := list(islice(_lines(sheet), PREAMBLE)))]
    return next((layout for layout in found if any(map(holds_values, layout.roles))), found[0] if found else None)


def _items(tables: list[tuple[Any, Layout, list[Line]]]) -> Iterator[Row]:
    with _understood():
        for sheet, layout, top in tables:
            heading = next((";".join(cells) for _number, cells in top if _is_of_accounts(cells)), "")
            below = (line for line in _lines(sheet) if line[0] > layout.line or not layout.titles)
            yield from _leaked(below, heading) if heading else rows(below, layout)


def _is_of_accounts(cells: Any) -> bool:
    return credentials.is_account_table(";".join(cells))


def _leaked(lines: Iterator[Line], heading: str) -> Iterator[Row]:
    """The rows of a table of accounts with their passwords: victims, of whom nothing is kept."""
    for number, cells in lines:
        yield Row(number, {}, shown(credentials.blanked_row(";".join(cells), heading)), credentials.refusal())


def _check(data: bytes) -> None:
    """Refuse what would unpack to more than is read. Raises Refusal."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            for cap, said, most in (
                ("parts", len(parts), ENTRIES),
                ("bytes unpacked", sum(part.file_size for part in parts), UNPACKED),
                ("bytes of texts", sum(p.file_size for p in parts if p.filename.lower() == _STRINGS_AT), STRINGS),
                ("times its packed size", max(map(_ratio, parts), default=0), RATIO),
            ):
                if said > most:
                    raise Refusal("zip_bomb", f"the spreadsheet has {said} {cap}; at most {most} are read")
            for part in parts:
                with archive.open(part) as file:
                    if b"<!DOCTYPE" in file.read(_HEAD).replace(b"\0", b"").upper():
                        raise Refusal("not_xlsx", "a part of the spreadsheet declares a document type")
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, ValueError, EOFError) as error:
        raise _not_xlsx() from error


def _ratio(part: zipfile.ZipInfo) -> int:
    return part.file_size // max(part.compress_size, 1) if part.file_size > MIB else 0


def _not_xlsx() -> Refusal:
    return Refusal("not_xlsx", "the file is no spreadsheet of the format .xlsx that can be read")


@contextmanager
def _understood() -> Iterator[None]:
    """Whatever the library raises for a spreadsheet that is none is one refusal."""
    try:
        yield
    except Refusal:
        raise
    except Exception as error:  # (a library that promises nothing about broken files)
        raise _not_xlsx() from error


def _sheets(data: bytes) -> list[Any]:
    from openpyxl import load_workbook  # noqa: PLC0415 (a process that meets no spreadsheet never loads it)

    book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    return [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]


def _lines(sheet: Any) -> Iterator[Line]:
    """The rows that hold anything, without the empty cells at their ends. Raises Refusal `too_many_items`."""
    found = sheet.iter_rows(max_row=ROWS + 1, max_col=MOST_COLUMNS, values_only=True)
    for number, values in enumerate(found, start=1):
        if number > ROWS:
            raise Refusal("too_many_items", f"a sheet has more than {ROWS} rows: send it in parts")
        # The library fills each row up to the widest: most of it is nothing, and is not looked at twice.
        filled = next((at for at in range(len(values), 0, -1) if values[at - 1] is not None), 0)
        cells = [_text(value) for value in values[:filled]]
        while cells and not cells[-1].strip():
            cells.pop()
        if cells:
            yield number, cells


def _text(value: Any) -> str:
    """A cell as a person would type it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, (datetime, date, time)) else str(value)


file_readers.register(Xlsx())
