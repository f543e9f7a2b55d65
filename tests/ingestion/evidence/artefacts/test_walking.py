"""Keys counted by their offsets: the same number as the library's, None for damage, an end for lists without one."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion.evidence.hives.reading import KEYS_MAX, Hive, UnreadableError
from ingestion.evidence.hives.walking import keys_below
from tests.ingestion.evidence.artefacts.making_hives import hive, made

ROWS = tuple((f"a{number % 9}\\b{number}\\c", "x", "dword", number) for number in range(200))
KEYS = 1 + 9 + 200 + 200


def root_of(content: bytes) -> int:
    return 4096 + 4 + int(struct.unpack_from("<I", content, 36)[0])


def listed(content: bytes, at: int) -> int:
    """Where the list of that key's keys lies."""
    return 4096 + 4 + int(struct.unpack_from("<I", content, at + 28)[0])


def test_the_number_is_that_of_the_library(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(hive(made(*ROWS)))
    with Hive(tmp_path / "x") as opened:
        assert opened.count() == opened._counted() == KEYS
        assert opened.faults == []


def test_lists_of_lists_and_lists_without_hashes_are_read() -> None:
    content = hive(made(*ROWS))
    root = root_of(content)
    at = listed(content, root)
    count = struct.unpack_from("<H", content, at + 2)[0]
    offsets = struct.unpack_from(f"<{2 * count}I", content, at + 4)[::2]
    plain = struct.pack(f"<2sH{count}I", b"li", count, *offsets)
    place = len(content) - 4096 + 4
    content += bytes(8) + plain
    lists = struct.pack("<2sH2I", b"ri", 2, place, at - 4096 - 4)
    last = len(content) - 4096 + 4
    made_ = bytearray(content + bytes(8) + lists)
    struct.pack_into("<I", made_, root + 28, last)
    assert keys_below(bytes(made_), root, KEYS_MAX) == KEYS


@pytest.mark.parametrize("kind", [b"ri", b"xx"])
def test_what_is_no_list_has_no_number(kind: bytes) -> None:
    content = bytearray(hive(made(*ROWS)))
    at = listed(bytes(content), root_of(bytes(content)))
    content[at : at + 2] = kind
    assert keys_below(bytes(content), root_of(bytes(content)), KEYS_MAX) is None


def test_more_keys_than_a_hive_may_have_are_not_counted() -> None:
    content = hive(made(*ROWS))
    assert keys_below(content, root_of(content), KEYS - 1) is None
    assert keys_below(content, root_of(content), KEYS) == KEYS


def test_a_list_that_thousands_of_keys_name_is_read_once() -> None:
    """Else 60 000 keys with one list of 60 000 are three thousand million steps: this test would not end."""
    count = 60_000
    content = bytearray(hive(made(("a", "x", "dword", 1))))
    base, size = len(content), 80
    place = base + count * size
    listed_at = place - 4096 - 4
    for _ in range(count):
        struct.pack_into("<2s", key := bytearray(size), 0, b"nk")
        struct.pack_into("<I", key, 20, count)
        struct.pack_into("<I", key, 28, listed_at)
        content += key
    offsets = [value for number in range(count) for value in (base + number * size - 4096 - 4, 0)]
    content += struct.pack(f"<2sH{2 * count}I", b"lf", count, *offsets)
    assert keys_below(bytes(content), base, KEYS_MAX) == count


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(flips=st.lists(st.tuples(st.integers(4096, 9000), st.integers(1, 255)), max_size=4))
def test_damage_never_makes_another_number_than_the_library_finds(flips: list[tuple[int, int]], tmp_path: Path) -> None:
    content = bytearray(hive(made(*ROWS[:20])))
    for at, mask in flips:
        if at < len(content):
            content[at] ^= mask
    (tmp_path / "x").write_bytes(content)
    try:
        with Hive(tmp_path / "x") as opened:
            fast = keys_below(bytes(content), opened._root.offset(), KEYS_MAX)
            assert fast in {None, opened._counted()}
    except UnreadableError:
        return
