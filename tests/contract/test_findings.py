"""What holds for every family of findings: any record is read without failing, and a new file is a new family."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion.evidence.findings.base import TEXT_MAX, Family, families, findings
from ingestion.evidence.findings.example import _found
from ingestion.evidence.records import COLUMNS, NUMBER, TEXTS

EXAMPLE = Family("example", _found)
TECHNIQUES = ("T1547.001", "T1547.004", "T1546.012", "T1546.003", "T1546.015", "T1543.003", "T1053.005", "T1546.010")
DATASETS = (
    "windows.registry", "windows.services", "windows.scheduled_task", "windows.wmi", "windows.evtx", "ntfs.mft",
)  # fmt: skip


@pytest.fixture(autouse=True)
def registered() -> Iterator[None]:
    """The template is in the registry while these tests run, and out of it afterwards."""
    if "example" not in families:
        families.register(EXAMPLE)
    yield
    families.unregister("example")


READ = (
    "event.id", "event.dataset", "event.action", "event.original", "event.provider", "file.path", "url.full", "tags",
    "registry.hive", "registry.key", "registry.value", "registry.data.strings", "process.command_line", "service.name",
    "threat.technique.id", "winlog.event_id", "winlog.event_data",
)  # fmt: skip
"""The columns that families look at."""


def _values(column: str) -> st.SearchStrategy[Any]:
    kind = COLUMNS[column]
    texts = st.text(max_size=60)
    if column == "threat.technique.id":
        return st.lists(st.sampled_from(TECHNIQUES), max_size=2)
    if column == "event.dataset":
        return st.sampled_from(DATASETS)
    if column == "winlog.event_id":
        return st.sampled_from((11, 13, 20, 21, 106, 4698, 7045, 7))
    if column in {"event.original", "winlog.event_data"}:
        return st.sampled_from(("{}", "[]", "null", "{", '{"uri": 7}', '{"Name": null, "Consumer": []}')) | texts
    return st.integers() if kind == NUMBER else st.lists(texts, max_size=3) if kind == TEXTS else texts


RECORDS = st.fixed_dictionaries({}, optional={column: _values(column) for column in READ})


def test_a_new_file_is_a_new_family() -> None:
    [found] = findings([{"registry.value": "Example", "process.command_line": "a.exe", "event.id": "1" * 32}])
    assert (found.category, found.command, found.records) == ("example", "a.exe", ("1" * 32,))


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=200, deadline=None
)
@given(st.lists(RECORDS, max_size=5))
def test_any_record_is_read(records: list[dict[str, Any]]) -> None:
    for found in findings(records):
        assert found.category in families
        assert re.fullmatch(r"T\d{4}(\.\d{3})?", found.technique)
        assert 0 <= found.score <= 100
        assert all(len(said) <= TEXT_MAX for said in (found.location, found.value, found.command))
        assert found.identity("a") != found.identity("b")


def test_long_texts_are_cut_and_many_records_are_one_finding() -> None:
    record = {"registry.value": "Example", "process.command_line": "x" * (TEXT_MAX + 9)}
    [found] = findings([{**record, "event.id": f"{number:032}"} for number in range(99)])
    assert len(found.command) == TEXT_MAX
    assert len(found.records) == 50
