"""The change journal of NTFS ($UsnJrnl:$J): USN_RECORD_V2, V3 and V4 (MS-FSCC 2.3.62, winioctl.h)."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import BinaryIO, ClassVar

from ingestion.evidence.artefacts.base import Artefact, Fault, Fields, Parser, Summary, parsers
from ingestion.evidence.containers.base import Item
from ingestion.evidence.moments import filetime

_V2 = struct.Struct("<IHHQQqqIIIIHH")
_V3 = struct.Struct("<IHH16s16sqqIIIIHH")
_V4 = struct.Struct("<IHH16s16sqIIIHH")
LENGTH_MAX = 4096
"""Bytes of a record: none crosses a page of the journal."""
CHUNK = 1 << 20
FAULT_RUNS_MAX = 1000
_REASONS = {
    0x1: "data-overwrite", 0x2: "data-extend", 0x4: "data-truncation", 0x10: "stream-overwrite", 0x20: "stream-extend",
    0x40: "stream-truncation", 0x100: "file-create", 0x200: "file-delete", 0x400: "ea-change",
    0x800: "security-change", 0x1000: "rename-old-name", 0x2000: "rename-new-name", 0x4000: "indexable-change",
    0x8000: "basic-info-change", 0x10000: "hard-link-change", 0x20000: "compression-change",
    0x40000: "encryption-change", 0x80000: "object-id-change", 0x100000: "reparse-point-change",
    0x200000: "stream-change", 0x400000: "transacted-change", 0x800000: "integrity-change", 0x80000000: "close",
}  # fmt: skip
_TYPES = {0x100: "creation", 0x200: "deletion"}


@dataclass(slots=True)
class _Change:
    usn: int
    ticks: int
    reason: int
    file: int
    parent: int
    name: str


class Usn(Parser):
    """One record for each change; the key is its offset in the file."""

    name: ClassVar[str] = "usn"
    version: ClassVar[str] = "1"
    datasets: ClassVar[tuple[str, ...]] = ("ntfs.usn",)
    library: ClassVar[str] = "own"

    def wants(self, item: Item, head: bytes) -> bool:
        """By its first record; a journal that begins with a hole by its name."""
        start = len(head) - len(head.lstrip(b"\0"))
        if start == len(head):
            return item.path.lower().endswith(("$usnjrnl:$j", "$extend/$j"))
        found = _change(head, start - start % 8)
        return found is not None and (b"$" in item.path.encode("utf-8", "replace") or bool(found[1].name))

    def parse(self, artefact: Artefact) -> Iterator[Fields | Fault | Summary]:
        """Holes are passed over; what is no record is searched through in steps of eight bytes."""
        count = 0
        with artefact.item.file.open("rb") as file:
            for found in _changes(file):
                if isinstance(found, Fault):
                    yield found
                    continue
                count += 1
                yield _fields(*found)
        yield Summary({"records": count})


def _changes(file: BinaryIO) -> Iterator[tuple[int, _Change] | Fault]:
    """Every record with its offset."""
    held, begin, bad, runs = b"", _data(file, 0), -1, 0
    file.seek(begin)
    while True:
        more = file.read(CHUNK)
        held += more
        at = 0
        while at + 8 <= len(held) and (not more or at + LENGTH_MAX <= len(held)):
            if held[at : at + 8] == bytes(8):
                at = _beyond_zeros(held, at)
                continue
            found = _change(held, at)
            if found is None:
                if bad < 0:
                    bad, runs = begin + at, runs + 1
                    if runs <= FAULT_RUNS_MAX:
                        yield Fault(f"offset {bad}", "there is no record of the journal")
                at += 8
                continue
            bad = -1
            yield begin + at, found[1]
            at += found[0]
        if not more:
            return
        held, begin = held[at:], begin + at
        if not held:
            begin = _data(file, begin)
            file.seek(begin)


def _data(file: BinaryIO, offset: int) -> int:
    """Where the next bytes are that are no hole of the file."""
    with suppress(OSError):  # none is left, or the file system knows no holes
        offset = os.lseek(file.fileno(), offset, os.SEEK_DATA) & ~7
    return offset


def _beyond_zeros(held: bytes, at: int) -> int:
    """The next place that may begin a record; quick, for holes are long."""
    while at + 65536 <= len(held) and not any(held[at : at + 65536].strip(b"\0")):
        at += 65536
    while at + 8 <= len(held) and held[at : at + 8] == bytes(8):
        at += 8
    return at


def _change(data: bytes, at: int) -> tuple[int, _Change] | None:
    """The record at a place with its length, or None."""
    if len(data) - at < 60:
        return None
    length, major, minor = struct.unpack_from("<IHH", data, at)
    if not 60 <= length <= LENGTH_MAX or length % 8 or minor or len(data) - at < length:
        return None
    if major == 2:
        _, _, _, file, parent, usn, ticks, reason, _, _, _, size, offset = _V2.unpack_from(data, at)
    elif major == 3 and length >= _V3.size:
        _, _, _, file_id, parent_id, usn, ticks, reason, _, _, _, size, offset = _V3.unpack_from(data, at)
        file, parent = int.from_bytes(file_id, "little"), int.from_bytes(parent_id, "little")
    elif major == 4 and length >= _V4.size:
        _, _, _, file_id, parent_id, usn, reason, _, _, _, _ = _V4.unpack_from(data, at)
        file, parent = int.from_bytes(file_id, "little"), int.from_bytes(parent_id, "little")
        return length, _Change(usn, 0, reason, file, parent, "")
    else:
        return None
    if size % 2 or offset < 60 or offset + size > length:
        return None
    name = data[at + offset : at + offset + size].decode("utf-16-le", "replace")
    return length, _Change(usn, ticks, reason, file, parent, name)


def _fields(offset: int, change: _Change) -> Fields:
    reasons = [word for bit, word in _REASONS.items() if change.reason & bit]
    said = ", ".join(reasons) or hex(change.reason)
    moment = filetime(change.ticks)
    return {
        "_key": offset,
        "@timestamp": moment,
        "timestamp_desc": "change journalled",
        "event.kind": "event" if moment else "state",
        "event.category": ["file"],
        "event.type": [word for bit, word in _TYPES.items() if change.reason & bit] or ["change"],
        "event.action": said,
        "event.code": str(change.usn),
        "file.name": change.name,
        "message": f"{change.name or 'a range'}: {said}"
        f" (file {_reference(change.file)} in {_reference(change.parent)})",
    }


def _reference(number: int) -> str:
    """`entry-sequence` of a reference of 64 bits; a longer one (ReFS) as it is."""
    return f"{number & 0xFFFFFFFFFFFF}-{number >> 48}" if number < 2**64 else hex(number)


parsers.register(Usn())
