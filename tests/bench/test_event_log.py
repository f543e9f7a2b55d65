"""A large event log out of a small one: every record with its own number, and heads that agree with what is below."""

from __future__ import annotations

import struct
from pathlib import Path
from zlib import crc32

import pytest

from bench.event_log import written


def chunk(records: int) -> bytes:
    made = bytearray(65536)
    end = 512 + 32 * records
    struct.pack_into("<8sQQQQIII", made, 0, b"ElfChnk\0", 7, 7, 7, 7, 128, end - 32, end)
    for at in range(512, end, 32):
        struct.pack_into("<4sIQ", made, at, b"**\0\0", 32, 7)
        struct.pack_into("<I", made, at + 28, 32)
    return bytes(made)


def test_records_are_numbered_through_and_checksums_are_right(tmp_path: Path) -> None:
    source, target = tmp_path / "a.evtx", tmp_path / "b.evtx"
    source.write_bytes(bytes(4096) + chunk(3) + bytes(65536) + chunk(2))
    assert written(target, [source], 11) == 13
    content = target.read_bytes()
    assert struct.unpack_from("<QQQ", content, 8) == (0, 4, 14)
    assert struct.unpack_from("<I", content, 124)[0] == crc32(content[:120])
    numbers = []
    for at in range(4096, len(content), 65536):
        part = content[at : at + 65536]
        first, last, end = *struct.unpack_from("<QQ", part, 24), struct.unpack_from("<I", part, 48)[0]
        found = [struct.unpack_from("<Q", part, place + 8)[0] for place in range(512, end, 32)]
        assert (found[0], found[-1]) == (first, last)
        assert struct.unpack_from("<I", part, 52)[0] == crc32(part[512:end])
        assert struct.unpack_from("<I", part, 124)[0] == crc32(part[:120] + part[128:512])
        numbers += found
    assert numbers == list(range(1, 14))


def test_logs_without_a_chunk_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.evtx").write_bytes(b"ElfFile\0")
    with pytest.raises(ValueError, match="no chunk"):
        written(tmp_path / "b.evtx", [tmp_path / "a.evtx"], 1)
