"""ESE databases made for a test: rows of tables in, the bytes of a file out (format: Microsoft, JET Blue; libesedb).

The least that a reader needs: two headers, a catalogue, a tree of pages for each table. No indexes, no space trees, no
long values, no checksums.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Any

CLEAN, DIRTY = 3, 2
CATALOGUE = 4
_ROOT, _LEAF, _PARENT, _NEW_FORMAT = 1, 2, 4, 0x800
_TYPES = {"byte": (2, "<B"), "short": (3, "<h"), "long": (4, "<i"), "date": (8, "<d"), "longlong": (15, "<q")}
_BLOB = 11
_SYSTEM = {"ObjidTable": "long", "Type": "short", "Id": "long", "ColtypOrPgnoFDP": "long", "SpaceUsage": "long",
           "Flags": "long", "PagesOrLocale": "long"}  # fmt: skip


@dataclass
class Made:
    """One table: the types of its columns by name, in their order, and rows of values. `blob` columns come last."""

    columns: dict[str, str]
    rows: list[dict[str, Any]] = field(default_factory=list)
    deleted: frozenset[int] = frozenset()
    """Rows that are marked so."""


class _File:
    """Numbered pages."""

    def __init__(self, page_size: int) -> None:
        self.size, self.small, self.head = page_size, page_size <= 8192, 40 if page_size <= 8192 else 80
        self.pages: dict[int, bytes] = {}

    def tree(self, root: int, owner: int, nodes: list[tuple[bytes, bytes, int]]) -> None:
        """Leaves, and branches above them until one page is left, which is the root."""
        flags = _LEAF
        while True:
            groups = self._groups(nodes)
            numbers = [root] if len(groups) == 1 else [self._free(at) for at in range(len(groups))]
            for at, (number, group) in enumerate(zip(numbers, groups, strict=True)):
                following = numbers[at + 1] if at + 1 < len(numbers) else 0
                self.pages[number] = self._page(group, flags | (_ROOT if number == root else 0), owner, following)
            if len(groups) == 1:
                return
            nodes = [
                (group[-1][0], struct.pack("<I", number), 0) for number, group in zip(numbers, groups, strict=True)
            ]
            flags = _PARENT if flags == _LEAF else 0

    def _free(self, ahead: int) -> int:
        return max([*self.pages, 63]) + 1 + ahead

    def _groups(self, nodes: list[tuple[bytes, bytes, int]]) -> list[list[tuple[bytes, bytes, int]]]:
        room, groups = 0, list[list[tuple[bytes, bytes, int]]]()
        for node in nodes:
            need = len(node[0]) + len(node[1]) + 6
            if need > room or not groups:
                groups.append([])
                room = self.size - self.head - 4
            room -= need
            groups[-1].append(node)
        return groups or [[]]

    def _page(self, nodes: list[tuple[bytes, bytes, int]], flags: int, owner: int, following: int) -> bytes:
        data, tags = bytearray(), [(0, 0)]
        for key, content, mark in nodes:
            shown = mark << 13
            whole = struct.pack("<H", len(key) | (0 if self.small else shown)) + key + content
            tags.append((len(whole), len(data) | (shown if self.small else 0)))
            data += whole
        head = struct.pack("<qqIIIHHHHI", 0, 0, 0, following, owner, 0, 0, len(data), len(tags), flags | _NEW_FORMAT)
        ending = b"".join(struct.pack("<HH", *tag) for tag in reversed(tags))
        return (head.ljust(self.head, b"\0") + data).ljust(self.size - len(ending), b"\0") + ending


def database(tables: dict[str, Made], *, page_size: int = 4096, state: int = CLEAN) -> bytes:
    """A whole file."""
    file = _File(page_size)
    listed: list[tuple[bytes, bytes, int]] = []
    for at, (name, table) in enumerate(tables.items()):
        owner, root = 10 + at, 32 + at
        rows = [
            (struct.pack(">I", row), record(table.columns, values, small=file.small), 2 if row in table.deleted else 0)
            for row, values in enumerate(table.rows)
        ]
        file.tree(root, owner, rows)
        entries = [(1, owner, root, 0, name), *_columns(table)]
        for kind, number, what, size, called in entries:
            values = dict(zip(_SYSTEM, (owner, kind, number, what, size, 0, 1252), strict=True))
            listed.append((struct.pack(">IHI", owner, kind, number), record(_SYSTEM, values, name=called), 0))
    file.tree(CATALOGUE, 2, listed)
    head = bytearray(page_size)
    struct.pack_into("<III", head, 4, 0x89ABCDEF, 0x620, 0)
    struct.pack_into("<I", head, 52, state)
    struct.pack_into("<II", head, 232, 20, page_size)
    checksum = 0x89ABCDEF
    for (word,) in struct.iter_unpack("<I", head[4:]):
        checksum ^= word
    struct.pack_into("<I", head, 0, checksum)
    pages = (file.pages.get(number, bytes(page_size)) for number in range(1, max(file.pages) + 1))
    return bytes(head) * 2 + b"".join(pages)


def _columns(table: Made) -> list[tuple[int, int, int, int, str]]:
    found, tagged = [], 256
    for number, (name, kind) in enumerate(table.columns.items(), 1):
        if kind == "blob":
            found.append((2, tagged, _BLOB, 0, name))
            tagged += 1
        else:
            found.append((2, number, _TYPES[kind][0], struct.calcsize(_TYPES[kind][1]), name))
    return found


def record(columns: dict[str, str], values: dict[str, Any], *, name: str = "", small: bool = True) -> bytes:
    """One row: fixed values with the bits of those that are null, a name as the first variable value, then blobs."""
    fixed, blobs = (
        [one for one, kind in columns.items() if kind != "blob"],
        [one for one, kind in columns.items() if kind == "blob" and values.get(one) is not None],
    )
    data, nulls = b"", 0
    for at, one in enumerate(fixed):
        value = values.get(one)
        nulls |= (value is None) << at
        data += struct.pack(_TYPES[columns[one]][1], 0 if value is None else value)
    data += nulls.to_bytes((len(fixed) + 7) // 8, "little")
    head = struct.pack("<BBH", len(fixed), 128 if name else 127, 4 + len(data))
    variable = struct.pack("<H", len(name)) + name.encode() if name else b""
    return head + data + variable + _tagged([values[one] for one in blobs], small=small)


def _tagged(blobs: list[bytes], *, small: bool) -> bytes:
    """Where each begins, then each behind one byte that says: a long value, within its row, not packed."""
    table, data = b"", b""
    for at, blob in enumerate(blobs):
        offset = 4 * len(blobs) + len(data)
        table += struct.pack("<HH", 256 + at, offset | (0x4000 if small else 0))
        data += b"\1" + blob
    return table + data
