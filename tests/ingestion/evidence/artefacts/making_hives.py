"""Hives made for a test: nested keys and values in, the bytes of a registry file out (format: M. Suhanov, regf)."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Any

TICKS = 133_750_000_000_000_000
"""When every made key was written: 2024-11-02T05:46:40Z."""
_TYPES = {"sz": 1, "expand": 2, "binary": 3, "dword": 4, "multi": 7, "qword": 11}


@dataclass
class Made:
    """One key: its values as (type, data) by name, and the keys below it."""

    values: dict[str, tuple[str, Any]] = field(default_factory=dict)
    keys: dict[str, Made] = field(default_factory=dict)

    def at(self, path: str) -> Made:
        """The key at that path, made where it is missing."""
        here = self
        for part in path.split("\\"):
            here = here.keys.setdefault(part, Made())
        return here


def made(*values: tuple[str, str, str, Any]) -> Made:
    """A tree from rows of path, name, type and data; a name of "" is the default value."""
    root = Made()
    for path, name, kind, data in values:
        root.at(path).values[name] = (kind, data)
    return root


def hive(root: Made, *, dirty: bool = False) -> bytes:
    """A whole file."""
    cells = bytearray(32)

    def cell(content: bytes) -> int:
        at = len(cells)
        size = -(-(len(content) + 4) // 8) * 8
        cells.extend(struct.pack("<i", -size) + content.ljust(size - 4, b"\0"))
        return at

    def value(name: str, kind: str, data: Any) -> int:
        raw = _bytes(kind, data)
        inline = len(raw) <= 4
        held = int.from_bytes(raw.ljust(4, b"\0"), "little") if inline else cell(raw)
        short = name.encode("latin-1")
        length = len(raw) | (0x80000000 if inline else 0)
        return cell(struct.pack("<2sHIIIHH", b"vk", len(short), length, held, _TYPES[kind], 1, 0) + short)

    def key(name: str, one: Made, top: bool) -> int:
        below = [key(part, under, False) for part, under in one.keys.items()]
        held = [value(part, *rest) for part, rest in one.values.items()]
        listed = cell(struct.pack("<2sH", b"lf", len(below)) + b"".join(struct.pack("<II", at, 0) for at in below))
        values = cell(struct.pack(f"<{len(held)}I", *held)) if held else 0xFFFFFFFF
        short = name.encode("latin-1")
        head = struct.pack(
            "<2sHQIIIIIIIIIIIIIIIHH", b"nk", 0x2C if top else 0x20, TICKS, 0, 0, len(below), 0,
            listed if below else 0xFFFFFFFF, 0xFFFFFFFF, len(held), values, 0xFFFFFFFF, 0xFFFFFFFF, 0, 0, 0, 0, 0,
            len(short), 0,
        )  # fmt: skip
        return cell(head + short)

    root_at = key("ROOT", root, True)
    size = -(-len(cells) // 4096) * 4096
    spare = size - len(cells)
    if spare:
        cells.extend(struct.pack("<i", spare) + bytes(spare - 4))
    struct.pack_into("<4sII", cells, 0, b"hbin", 0, size)
    head = bytearray(4096)
    struct.pack_into("<4sIIQIIIIIII", head, 0, b"regf", 2, 1 if dirty else 2, TICKS, 1, 5, 0, 1, root_at, size, 1)
    checksum = 0
    for at in range(0, 508, 4):
        checksum ^= struct.unpack_from("<I", head, at)[0]
    struct.pack_into("<I", head, 508, checksum)
    return bytes(head + cells)


def _bytes(kind: str, data: Any) -> bytes:
    if kind in {"sz", "expand"}:
        return f"{data}\0".encode("utf-16-le")
    if kind == "multi":
        return ("\0".join(data) + "\0\0").encode("utf-16-le")
    if kind == "dword":
        return struct.pack("<I", data)
    return struct.pack("<Q", data) if kind == "qword" else bytes(data)
