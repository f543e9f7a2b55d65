"""The master file table: entries of our own making, good and bad."""

from __future__ import annotations

import json
import struct
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.ingestion.evidence.artefacts.making import artefact, parsed, wanting

TICKS = 134380000000000000
ENTRY = 1024


def attribute(kind: int, content: bytes) -> bytes:
    length = (24 + len(content) + 7) // 8 * 8
    return (struct.pack("<IIBBHHHIHBB", kind, length, 0, 0, 0, 0, 0, len(content), 24, 0, 0) + content).ljust(
        length, b"\0"
    )


def entry(number: int, name: str, *, flags: int = 1, parent: int = 5) -> bytes:
    """One entry with its standard information and its name (NTFS, FILE record of 1024 bytes, fixups applied)."""
    standard = struct.pack("<QQQQIIIIIIQQ", TICKS, TICKS + 10**7, TICKS, TICKS, 0x20, 0, 0, 0, 0, 0, 0, 0)
    text = name.encode("utf-16-le")
    named = (
        struct.pack("<QQQQQQQIIBB", parent | 5 << 48, TICKS, TICKS, TICKS, TICKS, 0, 0, 0x20, 0, len(name), 1) + text
    )
    body = attribute(0x10, standard) + attribute(0x30, named) + b"\xff\xff\xff\xff\0\0\0\0"
    head = struct.pack("<4sHHQHHHHIIQHHI", b"FILE", 48, 3, 0, 1, 1, 56, flags, 56 + len(body), ENTRY, 0, 1, 0, number)
    record = bytearray((head.ljust(48, b"\0") + b"\x01\0\0\0\0\0".ljust(8, b"\0") + body).ljust(ENTRY, b"\0"))
    record[510:512] = record[1022:1024] = b"\x01\0"
    return bytes(record)


TABLE = b"".join(entry(number, f"f{number}.exe", flags=number % 2, parent=0) for number in range(1, 9))
TABLE = entry(0, "$MFT") + TABLE


def test_each_entry_is_a_record(tmp_path: Path) -> None:
    one = artefact(tmp_path, TABLE, "$MFT")
    assert wanting(one) == ["mft"]
    records, faults, summary = parsed("mft", one)
    assert faults == []
    assert summary == {"entries": 9}
    found = records[1]
    assert found["file.name"] == "f1.exe"
    assert found["file.path"].startswith("C:\\")
    assert found["@timestamp"] == "2026-11-01T09:46:41.000000Z"
    assert json.loads(found["winlog.event_data"])["file_name"]["created"] == "2026-11-01T09:46:40.000000Z"
    assert "tags" not in found
    assert records[2]["tags"] == ["deleted"]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cut=st.integers(0, len(TABLE)),
    flips=st.lists(st.tuples(st.integers(0, len(TABLE) - 1), st.integers(1, 255)), max_size=20),
)
def test_cut_and_flipped_tables_never_fail(cut: int, flips: list[tuple[int, int]], tmp_path: Path) -> None:
    content = bytearray(TABLE)
    for place, bits in flips:
        content[place] ^= bits
    parsed("mft", artefact(tmp_path, bytes(content[:cut]), "$MFT"))
