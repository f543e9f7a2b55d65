"""Prefetch files."""

from __future__ import annotations

import struct
from pathlib import Path

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion.evidence.artefacts.prefetch import Prefetch
from tests.ingestion.evidence.artefacts import samples

PARSER = Prefetch()
PATH = "Windows/Prefetch/CMD.EXE-087B4001.pf"


@pytest.mark.shareddata
def test_says_which_program_ran_and_when(tmp_path: Path) -> None:
    samples.require()
    content = samples.member(samples.AGE, PATH)
    one = samples.artefact(tmp_path, content, PATH)
    assert PARSER.wants(one.item, content[:4096])
    (run,) = samples.parsed(PARSER, one).records
    assert run["@timestamp"] == "2013-03-10T10:11:49.281250Z"
    assert run["process.name"] == "CMD.EXE"
    assert run["process.executable"] == "\\DEVICE\\HARDDISKVOLUME1\\WINDOWS\\SYSTEM32\\CMD.EXE"
    assert run["message"].endswith("was run; 2 times in all")
    told = orjson.loads(run["event.original"])
    assert (told["run_count"], told["hash"], len(told["files"])) == (2, "087B4001", 33)


def test_what_says_it_unpacks_to_too_much_is_left_packed(tmp_path: Path) -> None:
    content = b"MAM\x04" + struct.pack("<I", 2**31) + bytes(64)
    found = samples.parsed(PARSER, samples.artefact(tmp_path, content, PATH))
    assert (found.records, found.faults[0].what) == ([], "it says that it unpacks to more than any real one")


@pytest.mark.parametrize("content", [b"", b"\x11\0\0\0SCCA", b"MAM\x04"])
def test_what_is_cut_off_is_told(content: bytes, tmp_path: Path) -> None:
    found = samples.parsed(PARSER, samples.artefact(tmp_path, content, PATH))
    assert (found.records, len(found.faults)) == ([], 1)


@pytest.mark.shareddata
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(flips=st.lists(st.tuples(st.integers(0, 11985), st.integers(1, 255)), max_size=8), cut=st.integers(0, 11986))
def test_no_damage_ends_the_reading(flips: list[tuple[int, int]], cut: int, tmp_path: Path) -> None:
    samples.require()
    content = bytearray(samples.member(samples.AGE, PATH))
    for at, mask in flips:
        content[at] ^= mask
    samples.parsed(PARSER, samples.artefact(tmp_path, bytes(content[:cut]), PATH))
