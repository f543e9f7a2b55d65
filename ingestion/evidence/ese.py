"""Tables of an ESE database ("JET Blue"), read only: each page once, and each row by itself. Pure.

`dissect.database` decodes pages, nodes and records. The way through the catalogue and the trees is ours: the library's
own never ends, or ends at the first bad spot, where a damaged or hostile database leads in circles. Layout: Microsoft,
github.com/microsoft/Extensible-Storage-Engine. Transaction logs, checksums of pages and long values, which are kept
apart from their rows, are not read.
"""

from __future__ import annotations

import os
from collections.abc import Container, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

from dissect.database.ese.c_ese import FIELDFLAG, SYSOBJ, TAG_FLAG, TAGFLD_HEADER, JET_coltyp, c_ese, pgnoFDPMSO
from dissect.database.ese.compression import decompress
from dissect.database.ese.page import Page
from dissect.database.ese.record import Record
from dissect.database.ese.table import Catalog, Column, Table

from ingestion.evidence.artefacts.base import Fault

MAGIC: Final = 0x89ABCDEF
_CLEAN: Final = 3
"""JET_dbstateCleanShutdown; in every other state changes may be in the logs alone."""
_PAGE_SIZES: Final = frozenset({2048, 4096, 8192, 16384, 32768})
_SMALL: Final = 8192
_HEADS: Final = 2
"""Pages before the first numbered one: the header and its shadow."""
CATALOGUE_MAX: Final = 10_000
"""Rows of the catalogue that are read; SRUM has some hundreds."""
_FIXED_MAX: Final = 127
_SEVEN_BITS: Final = frozenset({1, 2})
"""Ways to pack that make at most a seventh more of it, or twice that: seven bits for each character."""
_MAJOR_MIN: Final = 9


class UnreadableError(Exception):
    """What is no database, or not one of this kind. Its text is for people."""


@dataclass(frozen=True, slots=True)
class Row:
    """One record of a table, decoded when it is asked for a value."""

    place: str
    """Page and row; no other row of the file has it."""
    deleted: bool
    """It is marked so and was not overwritten yet."""
    record: Any

    def numbers(self, names: list[str]) -> dict[str, int | None]:
        """The signed numbers of these columns: a date is its bits. Raises ValueError, and whatever the library does."""
        # The library's own decoding of each number takes twice as long.
        return {name: _number(self.record.get(name, raw=True)) for name in names}

    def blob(self, name: str) -> bytes:
        """Bytes of a column without limits of size. Raises UnreadableError, and whatever the library does.

        Its own decoding unpacks whatever the row says, which a few bytes make gigabytes of.
        """
        field, raw = self.record._data._get_tagged(self.record._table.column(name))  # noqa: SLF001 (flags have no other)
        flags = TAGFLD_HEADER.Invalid if field is None else field.flags
        if flags & ~(TAGFLD_HEADER.LongValue | TAGFLD_HEADER.Compressed | TAGFLD_HEADER.Null):
            raise UnreadableError("it is kept apart from its row, encrypted or several at once")
        value = bytes(raw or b"")
        if not value or not flags & TAGFLD_HEADER.Compressed:
            return value
        if value[0] >> 3 not in _SEVEN_BITS:
            raise UnreadableError("it is packed in a way that is not unpacked here")
        return bytes(decompress(value))


class Database:
    """An open file. The library's pages and records ask it for `has_small_pages` and `impacket_compat`."""

    impacket_compat = False

    def __init__(self, file: BinaryIO) -> None:
        """Raises UnreadableError, OSError."""
        self._file = file
        try:
            header = c_ese.DBFILEHDR(file.read(4096))
        except EOFError as error:
            raise UnreadableError("it ends within its header") from error
        if header.ulMagic != MAGIC or header.ulDaeUpdateMajor < _MAJOR_MIN:
            raise UnreadableError("it is no ESE database of a known version")
        self._page_size = int(header.cbPageSize) or 4096
        if self._page_size not in _PAGE_SIZES:
            raise UnreadableError(f"no such database has pages of {self._page_size} bytes")
        self.has_small_pages = self._page_size <= _SMALL
        self.dirty = header.dbstate != _CLEAN
        self._pages = os.fstat(file.fileno()).st_size // self._page_size - _HEADS

    def tables(self, wanted: Container[str]) -> Iterator[Any]:
        """The tables of these names, as the library has them, after a fault for whatever is wrong in the catalogue."""
        held: dict[int, tuple[Any, list[Any]]] = {}
        catalogue = Table(self, None, pgnoFDPMSO, columns=Catalog.CATALOG_COLUMNS)
        for at, row in enumerate(self.rows(catalogue)):
            if at == CATALOGUE_MAX:
                yield Fault("catalogue", "it has more rows than any real one: the rest is not read")
                break
            if isinstance(row, Fault):
                yield Fault(f"catalogue, {row.where}", row.what)
                continue
            try:
                _catalogued(row.record, wanted, held)
            except Exception as error:  # noqa: BLE001 (whatever the library raises)
                yield Fault(f"catalogue, row {row.place}", f"it cannot be read: {_said(error)}")
        for record, columns in held.values():
            name = record.get("Name")
            try:
                yield Table(self, name, int(record.get("ColtypOrPgnoFDP")), columns=_whole(columns), record=record)
            except Exception as error:  # noqa: BLE001 (whatever the library raises)
                yield Fault(name, f"it cannot be read: {_said(error)}")

    def rows(self, table: Any) -> Iterator[Row | Fault]:
        """Every row in the order of its key, and a fault for each spot where none can be read."""
        owner = int(table.record.get("ObjidTable")) if table.record else None
        seen, waiting = {table.root_page}, [table.root_page]
        while waiting:
            number = waiting.pop()
            try:
                page = self._page(number)
                owner = page.header.objidFDP if owner is None else owner
                if page.header.objidFDP != owner:
                    raise UnreadableError("it belongs to another table")  # noqa: TRY301 (told below like the others)
            except Exception as error:  # noqa: BLE001 (whatever the library raises)
                yield Fault(f"page {number}", f"it cannot be read: {_said(error)}")
                continue
            below: list[int] = []
            for at in range(page.node_count):
                try:
                    node = page.node(at)
                    if page.is_leaf:
                        deleted = bool(node.tag.flags & TAG_FLAG.Deleted)
                        yield Row(f"{number}.{at}", deleted, Record(table, node))
                    else:
                        below.append(self._below(node.child, seen))
                except Exception as error:  # noqa: BLE001 (whatever the library raises)
                    yield Fault(f"page {number}, row {at}", f"it cannot be read: {_said(error)}")
            waiting += reversed(below)

    def _page(self, number: int) -> Any:
        """One page, of which nothing is kept. Raises whatever the library does."""
        if not 1 <= number <= self._pages:
            raise UnreadableError("the file has no such page")
        self._file.seek((number + _HEADS - 1) * self._page_size)
        return Page(self, number, self._file.read(self._page_size))

    def _below(self, number: int, seen: set[int]) -> int:
        """A page below another, which no other leads to. Raises UnreadableError."""
        if number in seen or not 1 <= number <= self._pages:
            raise UnreadableError(f"it leads to page {number}, which was read or does not exist")
        seen.add(number)
        return number


def _number(raw: bytes | None) -> int | None:
    if raw is None:
        return None
    if not 1 <= len(raw) <= 8:
        raise ValueError("it is no number")
    return int.from_bytes(raw, "little", signed=True)


def _catalogued(record: Any, wanted: Container[str], held: dict[int, tuple[Any, list[Any]]]) -> None:
    """Take one row of the catalogue: a table, or a column of one that is held."""
    kind, owner = record.get("Type"), int(record.get("ObjidTable"))
    if kind == SYSOBJ.Table and record.get("Name") in wanted:
        held[owner] = record, []
    elif kind == SYSOBJ.Column and owner in held:
        what = JET_coltyp(record.get("ColtypOrPgnoFDP")), FIELDFLAG(record.get("Flags"))
        held[owner][1].append(Column(int(record.get("Id")), record.get("Name"), *what, record=record))


def _whole(columns: list[Any]) -> list[Any]:
    """The same. Raises UnreadableError when one is missing: where a value stands follows from those before it."""
    fixed = [column.identifier for column in columns if column.identifier <= _FIXED_MAX]
    if fixed != list(range(1, len(fixed) + 1)):
        raise UnreadableError("the catalogue lacks some of its columns")
    return columns


def _said(error: Exception) -> str:
    return f"{error}".strip()[:200] or type(error).__name__
