"""A new format is one new file: the template, loaded as the registry would load it, reads what it says it reads."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator

import pytest

from ingestion.readers.base import Reader, readers

EXAMPLE = "ingestion.readers.example"


@pytest.fixture
def example() -> Iterator[Reader]:
    """The template, registered for one test."""
    before = {reader.name for reader in readers}
    sys.modules.pop(EXAMPLE, None)
    importlib.import_module(EXAMPLE)
    (name,) = {reader.name for reader in readers} - before
    yield readers[name]
    readers.unregister(name)
    sys.modules.pop(EXAMPLE, None)


def test_the_template_reads_its_format(example: Reader) -> None:
    reading = example.read("domain|evil-campus[.]org\n\nevil-campus.org\nipv4|nonsense\n")
    first, second, third = reading.candidates
    assert first.canonical is not None
    assert (first.line, first.type, first.canonical.value) == (1, "domain", "evil-campus.org")
    assert second.refusal is not None
    assert (second.line, second.refusal.code) == (3, "no_indicator")
    assert third.refusal is not None
    assert (third.line, third.refusal.code) == (4, "not_ipv4")


def test_the_template_is_no_format_of_the_program() -> None:
    assert "example-pipes" not in readers
