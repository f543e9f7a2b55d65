"""What holds for every reader of files, whatever its format: no two are taken for each other, and none ever fails."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.readers.base import Row, row_readers
from ingestion.readers.files import FileContext, FileReader, Opened, Told, file_readers
from iocmarket.api.problems import Problem
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.marking import DEFAULT

CONTEXT = FileContext(sender="Université Valbrune", default=DEFAULT, moment=datetime(2026, 11, 1, tzinfo=UTC))
NAMES = [reader.name for reader in file_readers]


class Held:
    """A file in memory."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.size = len(content)

    def read(self) -> bytes:
        return self.content

    def lines(self) -> Iterator[str]:
        return iter(io.StringIO(self.content.decode("utf-8", "replace"), newline=""))


def _account(opened: Opened) -> None:
    for item in opened.items:
        if isinstance(item, Row):
            assert item.line >= 1
            assert bool(item.fields) != bool(item.refusal), "a row says something, or why nothing is taken"
        elif isinstance(item, Told):
            found = item.candidate
            assert (found.canonical is None) != (found.refusal is None)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=40, deadline=None)  # the first of all compiles the expressions
@given(content=st.binary(max_size=2000))
def test_reads_or_refuses_any_bytes_and_never_fails(name: str, content: bytes) -> None:
    with suppress(Refusal, Problem):
        _account(file_readers[name].opened(Held(content), CONTEXT))


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=20, deadline=None)
@given(head=st.binary(max_size=300))
def test_looks_at_the_head_of_any_file_without_failing(name: str, head: bytes) -> None:
    assert file_readers[name].is_mine(head) in {True, False}


def test_media_types_and_endings_mean_one_format_each() -> None:
    readers: list[FileReader] = list(file_readers)
    said = Counter(word for reader in readers for word in (*reader.media_types, *reader.suffixes))
    said.update(word for reader in row_readers for word in (*reader.media_types, *reader.suffixes))
    assert [word for word, count in said.items() if count > 1] == []
    endings = [suffix for reader in (*readers, *row_readers) for suffix in reader.suffixes]
    assert all(suffix.startswith(".") and suffix == suffix.lower() for suffix in endings)


@pytest.mark.parametrize("name", NAMES)
def test_says_how_it_comes_and_how_long_it_may_be(name: str) -> None:
    reader = file_readers[name]
    assert reader.media_types or reader.carriers
    assert 0 < reader.size_max <= 64 * 1024 * 1024
