"""What holds for every parser of artefacts: any bytes are parsed without failing, and its records are whole records."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings as settings_of_django
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion.evidence.artefacts.base import Artefact, Context, Fault, Parser, Summary, parsers
from ingestion.evidence.artefacts.example import Example
from ingestion.evidence.containers.base import Item
from ingestion.evidence.records import COLUMNS, fit, record

EXAMPLE = Example()
ALL: list[Parser] = [EXAMPLE, *(parser for parser in parsers if parser.name != "example")]


@pytest.fixture(autouse=True)
def registered() -> Iterator[None]:
    """The template is in the registry while these tests run, as any other would be, and out of it afterwards."""
    if "example" not in parsers:
        parsers.register(EXAMPLE)
    yield
    parsers.unregister("example")


def artefact(folder: Path, content: bytes, path: str = "Windows/x") -> Artefact:
    file = folder / "item"
    file.write_bytes(content)
    item = Item(file, path, path, len(content), hashlib.sha256(content).hexdigest())
    return Artefact(item, Context(layout="plain", host="pc-1.example.org", os="Windows 10"))


def test_a_new_file_is_a_new_parser(tmp_path: Path) -> None:
    one = artefact(tmp_path, b"#example\n2026-11-03T10:15:00+01:00\tstarted\nwhen?\tlost\n")
    assert parsers["example"].wants(one.item, one.item.file.read_bytes())
    found, fault, summary = parsers["example"].parse(one)
    assert isinstance(found, dict)
    whole = record(found, one, parsers["example"])
    assert whole["@timestamp"] == "2026-11-03T09:15:00.000000Z"
    assert whole["message"] == "started"
    assert whole["host.hostname"] == "pc-1"
    assert whole["event.id"] == hashlib.sha256(f"{one.item.sha256}|example.log|1".encode()).hexdigest()[:32]
    assert list(whole) == [name for name in COLUMNS if name in whole]
    assert fault == Fault("line 2", "it begins with no instant")
    assert summary == Summary({"lines": 2})


@pytest.mark.parametrize("parser", ALL, ids=lambda parser: parser.name)
def test_what_it_makes_is_told_to_its_readers(parser: Parser) -> None:
    told = (settings_of_django.BASE_DIR / "docs" / "evidence.md").read_text()
    assert parser is EXAMPLE or [name for name in parser.datasets if f"`{name}`" not in told] == []


@pytest.mark.parametrize("parser", ALL, ids=lambda parser: parser.name)
def test_says_what_it_is(parser: Parser) -> None:
    assert parser.name == parser.name.lower()
    assert parser.version
    assert parser.library
    assert parser.datasets
    assert (type(parser).parse.__doc__ or parser.parse.__doc__ or "").strip()


@pytest.mark.parametrize("parser", ALL, ids=lambda parser: parser.name)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=3000))
def test_parses_any_bytes_without_failing(parser: Parser, content: bytes, tmp_path: Path) -> None:
    one = artefact(tmp_path, content)
    assert parser.wants(one.item, content) in {True, False}
    for found in parser.parse(one):
        if isinstance(found, dict):
            whole = record(found, one, parser)
            assert fit(whole) == []
            assert whole["event.dataset"] in parser.datasets
