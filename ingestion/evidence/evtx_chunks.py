"""All records of an event log that can be read, and where some cannot. Pure.

A log is a head of 4096 bytes and chunks of 64 KiB; each chunk names the first and last of its records. The library is
asked once for the whole file. Where it gave fewer records than a chunk names, that chunk is read again by itself:
padded when it was cut off, the damaged stretch bridged by a blank record so that those behind it are reached.
"""

from __future__ import annotations

import io
import re
import struct
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from pathlib import Path
from typing import Final, TypedDict, cast

from evtx import PyEvtxParser

from ingestion.evidence.artefacts.base import Fault

HEAD_BYTES: Final = 4096
CHUNK_BYTES: Final = 64 * 1024
_RECORDS_AT: Final = 512
_CHUNK, _RECORD = b"ElfChnk\0", b"**\0\0"
_RECORD_LEAST: Final = 28
"""Bytes of a record's head and tail."""
_CHUNK_MOST: Final = (CHUNK_BYTES - _RECORDS_AT) // _RECORD_LEAST
_ERRORS_MAX: Final = 100_000
"""Bad records in one pass, after which the library is believed to turn in a circle."""


class RawRecord(TypedDict):
    """What the library gives."""

    event_record_id: int
    timestamp: str
    data: str


def head() -> bytes:
    """The head of a log of version 3.1, for chunks that have lost theirs."""
    made = bytearray(HEAD_BYTES)
    struct.pack_into("<8sQQQIHHHH", made, 0, b"ElfFile\0", 0, 0, 1, 128, 1, 3, HEAD_BYTES, 1)
    return bytes(made)


class Reading:
    """Iterate to get records and faults. Memory: one chunk, and eight bytes for each record."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen = array("Q")
        self._sorted: array[int] | None = None

    def __iter__(self) -> Iterator[RawRecord | Fault]:
        whole = self._whole()
        yield from whole if whole is not None else ()
        self._sorted = array("Q", sorted(self._seen))
        yield from self._chunks(headless=whole is None)

    def _whole(self) -> Iterator[RawRecord | Fault] | None:
        """The file as it is; None when its head is not one."""
        try:
            records = _records_of(str(self._path))
        except BaseException as error:  # noqa: BLE001 (a panic in Rust is no Exception)
            _let_go(error)
            return None
        return self._drain(records, "")

    def _drain(self, records: Iterator[RawRecord], where: str) -> Iterator[RawRecord | Fault]:
        note, errors = self._seen.append, 0
        while errors < _ERRORS_MAX:
            try:
                for record in records:
                    note(record["event_record_id"])
                    yield record
                return  # noqa: TRY300 (an error of the library is raised by the loop itself)
            except Exception as error:  # noqa: BLE001 (whatever the library raises, the next record may be good)
                errors += 1
                said = " ".join(str(error).split())[:300]
                if not said.startswith("Failed to parse chunk"):  # `_chunks` tells of each of them, with its place
                    yield Fault(where or _where(said), said)
            except BaseException as error:  # noqa: BLE001 (a panic in Rust is no Exception)
                _let_go(error)
                yield Fault(where or "file", "the reading library gave up")
                return

    def _chunks(self, *, headless: bool) -> Iterator[RawRecord | Fault]:
        """What each chunk promises against what came of it."""
        with self._path.open("rb") as file:
            start = file.read(HEAD_BYTES)
            if headless:
                yield Fault("file", "its head is damaged; its chunks are read one by one")
            if len(start) < HEAD_BYTES:
                yield Fault("file", f"it ends after {len(start)} bytes, within its head")
                return
            at, chunks = HEAD_BYTES, 0
            while chunk := file.read(CHUNK_BYTES):
                if any(chunk[:_RECORDS_AT]) or chunk.find(_RECORD) >= 0:
                    chunks += 1
                    yield from self._chunk(f"chunk at {at}", chunk)
                at += CHUNK_BYTES
            if not chunks:
                yield Fault("file", "it holds no chunk of records")

    def _chunk(self, where: str, chunk: bytes) -> Iterator[RawRecord | Fault]:
        first, last = _promised(chunk)
        due = last - first + 1
        known = self._count(first, last)
        if known >= due > 0:
            return
        came = 0
        for record in self._mended(where, chunk, first, last):
            came += 1
            yield record
        if len(chunk) < CHUNK_BYTES:
            yield Fault(where, f"it was cut off after {len(chunk)} of {CHUNK_BYTES} bytes: {known + came} records read")
        elif not due:
            yield Fault(where, f"its head is damaged: {known + came} records read")
        elif known + came < due:
            yield Fault(where, f"{known + came} of its {due} records could be read")

    def _mended(self, where: str, chunk: bytes, first: int, last: int) -> Iterator[RawRecord]:
        """The records of a damaged chunk that were not read before."""
        try:
            records = _records_of(io.BytesIO(head() + mended(chunk, first, last)))
        except BaseException as error:  # noqa: BLE001 (a panic in Rust is no Exception)
            _let_go(error)
            return
        for record in self._drain(records, where):
            if not isinstance(record, Fault):
                name = record["event_record_id"]
                if name and not self._count(name, name):  # 0 is a bridge
                    yield record

    def _count(self, first: int, last: int) -> int:
        ids = self._sorted or array("Q")
        return bisect_right(ids, last) - bisect_left(ids, first)


def _records_of(source: str | io.BytesIO) -> Iterator[RawRecord]:
    return cast("Iterator[RawRecord]", PyEvtxParser(source, number_of_threads=1).records_json())


def _promised(chunk: bytes) -> tuple[int, int]:
    """The numbers of its first and last record; (1, 0) when its head is damaged or lies."""
    if len(chunk) < _RECORDS_AT or not chunk.startswith(_CHUNK):
        return 1, 0
    first, last = struct.unpack_from("<QQ", chunk, 24)
    return (first, last) if 0 <= last - first < _CHUNK_MOST else (1, 0)


def mended(chunk: bytes, first: int, last: int) -> bytes:
    """The chunk with a head, of full length, and one unbroken chain of records: blank ones bridge what is damaged."""
    made = bytearray(chunk.ljust(CHUNK_BYTES, b"\0"))
    places = _records(made, first, last)
    if not places:
        return bytes(made)
    end = _RECORDS_AT
    for place, size in places:
        if place > end:
            _bridge(made, end, place - end)
        end = place + size
    names = [struct.unpack_from("<Q", made, place + 8)[0] for place, _size in places]
    if last < first:
        made[:_RECORDS_AT] = bytes(_RECORDS_AT)
    struct.pack_into(
        "<8sQQQQIII", made, 0, _CHUNK, min(names), max(names), names[0], names[-1], 128, places[-1][0], end
    )
    return bytes(made)


def _records(chunk: bytearray, first: int, last: int) -> list[tuple[int, int]]:
    """Where whole records lie: both of their sizes agree, and the number is one that the chunk promises."""
    found: list[tuple[int, int]] = []
    at = _RECORDS_AT
    while (at := chunk.find(_RECORD, at)) >= 0 and at <= CHUNK_BYTES - _RECORD_LEAST:
        size, name = struct.unpack_from("<IQ", chunk, at + 4)
        whole = _RECORD_LEAST <= size <= CHUNK_BYTES - at and chunk[at + size - 4 : at + size] == chunk[at + 4 : at + 8]
        if whole and (last < first or first <= name <= last) and (not found or _room(found[-1], at)):
            found.append((at, size))
            at += size
        else:
            at += 4
    return found


def _room(before: tuple[int, int], at: int) -> bool:
    """Whether what lies between is nothing, or enough for a blank record."""
    gap = at - before[0] - before[1]
    return gap == 0 or gap >= _RECORD_LEAST


def _bridge(chunk: bytearray, at: int, size: int) -> None:
    """A record of that size with number 0 and nothing in it."""
    chunk[at : at + size] = bytes(size)
    struct.pack_into("<4sIQQ", chunk, at, _RECORD, size, 0, 0)
    struct.pack_into("<I", chunk, at + size - 4, size)


def _let_go(error: BaseException) -> None:
    """Raise it again when it is for the program and not from the library."""
    if isinstance(error, KeyboardInterrupt | SystemExit | GeneratorExit | MemoryError):
        raise error


def _where(said: str) -> str:
    found = re.search(r"record (?:number|id) (\d+)", said)
    return found[0] if found else "file"
