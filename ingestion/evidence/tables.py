"""Listings of collectors: CSV, lines of JSON or text in any code page, as rows with plain column names. Pure."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from ingestion.evidence.artefacts.base import Fault

LINE_MAX = 1 << 20
"""Bytes of a line; what follows is read as another one."""
ROWS_MAX = 2_000_000
_PLAIN = re.compile(r"[^a-z0-9]+")
Row = dict[str, str]
"""Values by their columns, whose names are plain: `Laddr.IP` is `laddrip`."""


def plain(name: str) -> str:
    """A column's name without case, dots, spaces and accents' leftovers."""
    return _PLAIN.sub("", name.lower())


def encoding_of(head: bytes) -> str:
    """The encoding of a text by its beginning: marks first, then UTF-8, then the code pages of Western machines."""
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if head.startswith(mark):
            return name
    if len(head) >= 4 and head[1] == 0 and head[3] == 0 and head[0]:
        return "utf-16-le"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)  # which lets a letter be cut at the end
    except UnicodeDecodeError:
        # Letters with accents: of the consoles' code page 850 below 0xA0, of Windows' 1252 from 0xC0 on.
        console = sum(0x80 <= byte < 0xA0 for byte in head)
        windows = sum(0xC0 <= byte < 0xFF for byte in head)
        return "cp850" if console >= windows else "cp1252"
    return "utf-8"


def lines(file: Path) -> Iterator[tuple[int, str]]:
    """The numbered lines of a text, the first being 1, whatever its encoding; nothing raises."""
    with file.open("rb") as probe:
        encoding = encoding_of(probe.read(1 << 16))
    with file.open(encoding=encoding, errors="replace", newline=None) as text:
        number = 0
        while line := text.readline(LINE_MAX):
            number += 1
            yield number, line.rstrip("\n")


def beginning(head: bytes) -> str:
    """The text that a file begins with; empty when it is none."""
    encoding = encoding_of(head)
    if not encoding.startswith("utf-16") and b"\0" in head:
        return ""
    return head[: len(head) & ~1].decode(encoding, "replace").lstrip("\ufeff\r\n\t ")


def columns(head: bytes) -> frozenset[str]:
    """The plain names of the columns that a listing begins with; empty when it is no table."""
    first = next(iter(beginning(head).lstrip("[ \r\n").splitlines()), "").strip()
    if first.startswith("{"):
        return frozenset(plain(key) for key in re.findall(r'"((?:[^"\\]|\\.){1,60})"\s*:', first[:8192]))
    try:
        row = next(csv.reader([first], delimiter=_delimiter(first)), [])
    except csv.Error:
        return frozenset()
    return frozenset(plain(name) for name in row) if len(row) > 1 else frozenset()


def _delimiter(first: str) -> str:
    return max(",;\t|", key=first.count)


def rows(file: Path) -> Iterator[tuple[int, Row] | Fault]:
    """The rows of a listing with their numbers, the first being 1; a bad one is a fault."""
    with file.open("rb") as probe:
        start = probe.read(64).lstrip(b"\xef\xbb\xbf\xff\xfe\0 \r\n\t")
    found = _json_rows(file) if start.startswith((b"{", b"[")) else _csv_rows(file)
    for count, row in enumerate(found):
        if count >= ROWS_MAX:
            yield Fault(f"row {count}", "there are too many rows")
            return
        yield row


def _json_rows(file: Path) -> Iterator[tuple[int, Row] | Fault]:
    for number, line in lines(file):
        text = line.strip().strip("\ufeff").strip("[],")
        if not text:
            continue
        try:
            document = orjson.loads(text)
        except orjson.JSONDecodeError:
            yield Fault(f"line {number}", "it is no JSON")
            continue
        if isinstance(document, dict):
            yield number, flat(document)
        else:
            yield Fault(f"line {number}", "it is no object of JSON")


def flat(document: Mapping[str, Any], before: str = "", depth: int = 3) -> Row:
    """An object of JSON as a row: `{"Hash": {"MD5": …}}` has the column `hashmd5`."""
    row: Row = {}
    for key, value in document.items():
        name = before + plain(key)
        if isinstance(value, dict):
            row |= flat(value, name, depth - 1) if depth else {}
        elif value is not None and not isinstance(value, list):
            row[name] = str(value)
    return row


def _csv_rows(file: Path) -> Iterator[tuple[int, Row] | Fault]:
    source = (line + "\n" for _number, line in lines(file))
    first = next((line for line in source if line.strip()), "")
    names = [plain(name) for name in next(csv.reader([first], delimiter=_delimiter(first)), [])]
    reader = csv.reader(source, delimiter=_delimiter(first))
    number = 0
    while True:
        number += 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Fault(f"row {number}", str(error))
            continue
        if cells and cells != [first]:
            yield number, {name: cell for name, cell in zip(names, cells, strict=False) if cell}


def first_of(row: Row, *names: str) -> str:
    """The value of the first of these columns that has one."""
    return next((value for name in names if (value := row.get(name, "").strip())), "")


def number_of(text: str) -> int | None:
    """A whole number written in digits, or None."""
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
