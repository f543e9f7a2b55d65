"""Shortcuts."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion.evidence.artefacts.lnk import Link
from tests.ingestion.evidence.artefacts import samples

PARSER = Link()
STARTUP = "Users/jdupont/AppData/Roaming/Microsoft/Windows/Start Menu/Programs/Startup/x.lnk"
RECENT = "Users/jdupont/AppData/Roaming/Microsoft/Windows/Recent/password.txt.lnk"
RELATIVE, ARGUMENTS, UNICODE = 0x08, 0x20, 0x80


def link(target: str, arguments: str) -> bytes:
    """A shortcut with a relative path and arguments ([MS-SHLLINK] 2.1, 2.4)."""
    head = struct.pack(
        "<I16sIIQQQIIIHHII", 0x4C, bytes.fromhex("0114020000000000c000000000000046"), RELATIVE | ARGUMENTS | UNICODE,
        0x20, *[133_750_000_000_000_000] * 3, 1234, 0, 7, 0, 0, 0, 0,
    )  # fmt: skip
    texts = b"".join(struct.pack("<H", len(one)) + one.encode("utf-16-le") for one in (target, arguments))
    return head + texts + bytes(4)


def test_says_where_it_leads_with_what(tmp_path: Path) -> None:
    content = link("..\\..\\powershell.exe", "-w hidden -enc SQBFAFgA")
    one = samples.artefact(tmp_path, content, STARTUP)
    assert PARSER.wants(one.item, content)
    (found,) = samples.parsed(PARSER, one).records
    assert found["process.command_line"] == "..\\..\\powershell.exe -w hidden -enc SQBFAFgA"
    assert found["file.name"] == "powershell.exe"
    assert found["file.size"] == 1234
    assert found["@timestamp"] == "2024-11-02T05:46:40.000000Z"
    assert found["threat.technique.id"] == ["T1547.009"]
    assert found["tags"] == ["persistence", "unusual"]


def test_outside_of_the_startup_folder_it_is_no_persistence(tmp_path: Path) -> None:
    (found,) = samples.parsed(PARSER, samples.artefact(tmp_path, link("a.txt", ""), RECENT)).records
    assert "threat.technique.id" not in found
    assert found["event.action"] == "link"


@pytest.mark.shareddata
def test_reads_the_link_of_the_samples(tmp_path: Path) -> None:
    samples.require()
    (found,) = samples.parsed(PARSER, samples.artefact(tmp_path, samples.member(samples.AGE, RECENT), RECENT)).records
    assert found["file.path"] == "C:\\Windows\\System32\\cmd.exe"
    assert found["process.command_line"] == 'C:\\Windows\\System32\\cmd.exe /c "echo HeLLO && pAuSe"'
    assert found["@timestamp"] == "2021-06-05T12:05:12.279970Z"


@pytest.mark.parametrize("content", [b"", b"L\0\0\0", link("a", "b")[:70]])
def test_what_is_cut_off_is_told(content: bytes, tmp_path: Path) -> None:
    assert samples.parsed(PARSER, samples.artefact(tmp_path, content, RECENT)).faults


@pytest.mark.shareddata
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(flips=st.lists(st.tuples(st.integers(20, 2177), st.integers(1, 255)), max_size=8), cut=st.integers(0, 2178))
def test_no_damage_ends_the_reading(flips: list[tuple[int, int]], cut: int, tmp_path: Path) -> None:
    samples.require()
    content = bytearray(samples.member(samples.AGE, RECENT))
    for at, mask in flips:
        content[at] ^= mask
    samples.parsed(PARSER, samples.artefact(tmp_path, bytes(content[:cut]), RECENT))
