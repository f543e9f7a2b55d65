"""Files for the readers of whole files, and what they are read with."""

from __future__ import annotations

import struct
from collections.abc import Mapping

from ingestion.readers.base import Row
from ingestion.readers.files import Opened, Told, file_readers
from tests.contract.test_readers import CONTEXT, Held


def opened(name: str, content: bytes) -> Opened:
    """What the reader of that name finds, as a tuple."""
    found = file_readers[name].opened(Held(content), CONTEXT)
    return Opened(tuple(found.items), found.tale, found.silent)


def told(found: Opened) -> list[Told]:
    """The items, none of which is a row."""
    items = list(found.items)
    assert not any(isinstance(item, Row) for item in items)
    return [item for item in items if isinstance(item, Told)]


def values(found: Opened) -> dict[str, list[str]]:
    """The values that were taken, by type, in their order."""
    by_type: dict[str, list[str]] = {}
    for item in told(found):
        if item.candidate.canonical is not None and item.candidate.type is not None:
            by_type.setdefault(item.candidate.type, []).append(item.candidate.canonical.value)
    return by_type


def refusals(found: Opened) -> dict[str, int]:
    """The codes of what was refused, and the place of the last of each."""
    return {item.candidate.refusal.code: item.candidate.line for item in told(found) if item.candidate.refusal}


def confidence(found: Opened, value: str) -> object:
    """What is said of how sure a value is; None when nothing is."""
    return next(
        item.said.get("confidence")
        for item in told(found)
        if item.candidate.canonical is not None and item.candidate.canonical.value == value
    )


class _Sectors:
    """Chains of sectors and the table that links them."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.content = b""
        self.table: list[int] = []

    def put(self, content: bytes) -> int:
        """Where the chain of that content begins."""
        if not content:
            return 0xFFFFFFFE
        start, count = len(self.table), -(-len(content) // self.size)
        self.content += content.ljust(count * self.size, b"\0")
        self.table += [*range(start + 1, start + count), 0xFFFFFFFE]
        return start

    def linked(self) -> bytes:
        """The table, in whole sectors of 512 bytes."""
        table = self.table + [0xFFFFFFFF] * (-len(self.table) % 128)
        return struct.pack(f"<{len(table)}I", *table)


def compound_file(streams: Mapping[str, bytes]) -> bytes:
    """A compound file ([MS-CFB], version 3) of those streams; a slash in a name makes a storage.

    The tree of each storage is a chain of right siblings, which readers that list all of it accept.
    """
    names: dict[str, int] = {"": 0}
    for path in streams:
        parts = path.split("/")
        for depth in range(1, len(parts) + 1):
            names.setdefault("/".join(parts[:depth]), len(names))
    large, small = _Sectors(512), _Sectors(64)
    starts = {path: (small if len(content) < 4096 else large).put(content) for path, content in streams.items()}
    root, root_size = large.put(small.content), len(small.content)
    links = large.put(small.linked())
    entries = []
    for path, number in names.items():
        parent = path.rpartition("/")[0]
        children = [each for each in names if each and each.rpartition("/")[0] == path] if path not in streams else []
        siblings = [each for each in names if each and each.rpartition("/")[0] == parent] if path else []
        after = siblings[siblings.index(path) + 1 :] if path else []
        name = (path.rpartition("/")[2] or "Root Entry").encode("utf-16-le")
        start, size = (root, root_size) if not path else (starts.get(path, 0), len(streams.get(path, b"")))
        entries.append(
            name.ljust(64, b"\0")
            + struct.pack("<HBB", len(name) + 2, 5 if number == 0 else 2 if path in streams else 1, 1)
            + struct.pack("<I", 0xFFFFFFFF)
            + struct.pack("<I", names[after[0]] if after else 0xFFFFFFFF)
            + struct.pack("<I", names[children[0]] if children else 0xFFFFFFFF)
            + b"\0" * 36
            + struct.pack("<IQ", start, size)
        )
    while len(entries) % 4:
        entries.append(b"\0" * 68 + struct.pack("<III", *[0xFFFFFFFF] * 3) + b"\0" * 48)
    directory = large.put(b"".join(entries))
    count = -(-(len(large.table) + 2) // 127)
    places = list(range(len(large.table), len(large.table) + count))
    large.table += [0xFFFFFFFD] * count
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16
    header += struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + b"\0" * 6
    header += struct.pack("<IIIII", 0, count, directory, 0, 4096)
    header += struct.pack("<IIII", links, len(small.linked()) // 512, 0xFFFFFFFE, 0)
    header += struct.pack("<109I", *places, *[0xFFFFFFFF] * (109 - count))
    return header + large.content + large.linked()


def pdf_file(*pages: str, link: str = "", extra: str = "") -> bytes:
    """A PDF with a line of Latin letters on each page, and a link on the first."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>"]
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(len(pages)))
    objects.append(f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} {extra}>>")
    objects.append("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
    for number, text in enumerate(pages):
        annotation = (
            f"/Annots [<< /Type /Annot /Subtype /Link /Rect [0 0 9 9] /A << /S /URI /URI ({link}) >> >>]"
            if link and number == 0
            else ""
        )
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /Contents {5 + 2 * number} 0 R {annotation} "
            "/MediaBox [0 0 600 800] /Resources << /Font << /F1 3 0 R >> >> >>"
        )
        drawn = " ".join(f"({line}) Tj 0 -14 Td" for line in text.split("\n"))
        stream = f"BT /F1 12 Tf 50 700 Td {drawn} ET"
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
    made = b"%PDF-1.4\n"
    places = []
    for number, content in enumerate(objects, start=1):
        places.append(len(made))
        made += f"{number} 0 obj\n{content}\nendobj\n".encode("latin-1")
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    end = (
        f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\n"
    )
    return made + f"{end}startxref\n{len(made)}\n%%EOF\n".encode()
