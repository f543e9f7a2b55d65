"""The change journal: every version of its records, holes, and what lies between."""

from __future__ import annotations

import struct
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.ingestion.evidence.artefacts.making import artefact, parsed, wanting

PATH = "$Extend/$UsnJrnl:$J"
TICKS = 134380000000000000  # 2026-11-01T09:46:40Z


def v2(name: str, usn: int = 0, reason: int = 0x100) -> bytes:
    text = name.encode("utf-16-le")
    length = (60 + len(text) + 7) // 8 * 8
    file, parent = 42 | 3 << 48, 5 | 5 << 48
    head = struct.pack("<IHHQQqqIIIIHH", length, 2, 0, file, parent, usn, TICKS, reason, 0, 0, 0x20, len(text), 60)
    return (head + text).ljust(length, b"\0")


def v3(name: str) -> bytes:
    text = name.encode("utf-16-le")
    length = (76 + len(text) + 7) // 8 * 8
    ids = (7).to_bytes(16, "little"), (2**100).to_bytes(16, "little")
    head = struct.pack("<IHH16s16sqqIIIIHH", length, 3, 0, *ids, 9, TICKS, 0x80000200, 0, 0, 0x20, len(text), 76)
    return (head + text).ljust(length, b"\0")


V4 = struct.pack("<IHH16s16sqIIIHH", 80, 4, 0, bytes(16), bytes(16), 5, 1, 0, 0, 1, 16) + bytes(16)


def test_reads_all_versions_beyond_a_hole(tmp_path: Path) -> None:
    one = artefact(tmp_path, bytes(4096 * 40) + v2("malveillant é.exe", 4096) + v3("b.tmp") + V4 + bytes(64), PATH)
    assert wanting(one) == ["usn"]
    records, faults, summary = parsed("usn", one)
    assert faults == []
    assert summary == {"records": 3}
    first, second, third = records
    assert first["file.name"] == "malveillant é.exe"
    assert first["@timestamp"] == "2026-11-01T09:46:40.000000Z"
    assert first["event.type"] == ["creation"]
    assert first["iocmarket.offset_or_record"] == str(4096 * 40)
    assert "file 42-3 in 5-5" in first["message"]
    assert second["event.action"] == "file-delete, close"
    assert third["@timestamp"] is None
    assert third["event.kind"] == "state"


def test_a_bad_spot_is_one_fault_and_the_rest_is_read(tmp_path: Path) -> None:
    records, faults, _ = parsed("usn", artefact(tmp_path, v2("a.txt") + b"\xff" * 160 + v2("b.txt"), PATH))
    assert [found["file.name"] for found in records] == ["a.txt", "b.txt"]
    assert [fault.where for fault in faults] == ["offset 72"]


def test_records_across_the_pieces_that_are_read_at_once(tmp_path: Path) -> None:
    whole = b"".join(v2(f"{number}".rjust(255, "f"), number) for number in range(2500))
    assert len(whole) > 1 << 20
    records, faults, _ = parsed("usn", artefact(tmp_path, whole, PATH))
    assert (len(records), faults) == (2500, [])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(0, 400), flips=st.lists(st.tuples(st.integers(0, 399), st.integers(1, 255)), max_size=6))
def test_cut_and_flipped_journals_never_fail(cut: int, flips: list[tuple[int, int]], tmp_path: Path) -> None:
    content = bytearray(v2("a.txt") + v3("b.txt") + V4 + v2("c.txt", 3))
    for place, bits in flips:
        content[place % len(content)] ^= bits
    parsed("usn", artefact(tmp_path, bytes(content[:cut]), PATH))
