"""JSON of other tools: lists in the shapes that they have; what may limit the sharing is never lost."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from ingestion.readers.base import Row
from ingestion.readers.files import FileContext, file_readers
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.marking import DEFAULT
from tests.contract.test_readers import Held

CONTEXT = FileContext(sender="Université Valbrune", default=DEFAULT, moment=datetime(2026, 11, 1, tzinfo=UTC))
READER = file_readers["json"]


def rows(document: Any) -> list[Row]:
    """What is read of a document."""
    found = list(READER.opened(Held(json.dumps(document).encode()), CONTEXT).items)
    assert all(isinstance(item, Row) for item in found)
    return [item for item in found if isinstance(item, Row)]


def said(document: Any) -> list[tuple[int, dict[str, Any]]]:
    return [(row.line, dict(row.fields)) for row in rows(document)]


def refused(document: Any) -> tuple[str, str]:
    with pytest.raises(Refusal) as caught:
        rows(document)
    return caught.value.code, caught.value.where


@pytest.mark.parametrize(
    ("document", "values"),
    [
        (["evil-one.fr", "45.1.2.3"], [(1, "evil-one.fr"), (2, "45.1.2.3")]),
        ({"iocs": ["evil-one.fr"]}, [(1, "evil-one.fr")]),
        ([{"indicator": "evil-one.fr"}, "45.1.2.3"], [(1, "evil-one.fr"), (2, "45.1.2.3")]),
        ({"query_status": "ok", "data": [{"id": 7, "ioc": "evil-one.fr"}]}, [(1, "evil-one.fr")]),
        ({"urls": [{"url": "http://evil-one.fr/a"}]}, [(1, "http://evil-one.fr/a")]),
        ({"domains": ["evil-one.fr", "evil-two.fr"], "ips": ["45.1.2.3"]},
         [(1, "evil-one.fr"), (1, "45.1.2.3"), (1, "evil-two.fr")]),
        ({"results": [{"ipAddress": "45.1.2.3", "countryCode": "FR"}]}, [(1, "45.1.2.3")]),
        ([], []),
        ({"data": []}, []),
    ],
)  # fmt: skip
def test_lists_are_found_in_the_shapes_of_tools(document: Any, values: list[tuple[int, str]]) -> None:
    assert [(line, fields["value"]) for line, fields in said(document)] == values


def test_what_an_object_says_goes_with_its_values_in_our_words() -> None:
    document = [
        {
            "ioc": "evil-one.fr", "ioc_type": "domain", "tlp": "vert", "confidenceLevel": 75, "tags": ["CAS", "mail"],
            "firstSeen": "2026-10-01 08:00:00 UTC", "description": None, "reporter": "jdupont", "samples": [{"n": 1}],
        },
    ]  # fmt: skip
    assert said(document) == [
        (1, {"value": "evil-one.fr", "type": "domain", "tlp": "GREEN", "confidence": "75", "tags": ["CAS", "mail"],
             "first_seen": "2026-10-01T08:00:00Z"}),
    ]  # fmt: skip


def test_a_marking_of_the_document_holds_for_each_object_without_its_own() -> None:
    document = {"TLP": "AMBER+STRICT", "data": [{"ioc": "evil-one.fr"}, {"ioc": "evil-two.fr", "tlp": "GREEN"}]}
    assert [fields["tlp"] for _line, fields in said(document)] == ["AMBER+STRICT", "GREEN"]


@pytest.mark.parametrize(
    ("document", "code", "where"),
    [
        ("evil-one.fr", "unknown_shape", "/"),
        (7, "unknown_shape", "/"),
        ({"data": ["a.fr"], "iocs": ["b.fr"]}, "unknown_shape", "/iocs"),
        ({"data": [{"ioc": "a.fr"}], "domains": ["b.fr"]}, "unknown_shape", "/domains"),
        ({"results": [{"tlp": "white", "indicators": [{"indicator": "a.fr"}]}]}, "unknown_shape",
         "/results/0/indicators"),
        ({"indicators": ["a.fr"], "defaults": {"tlp": "RED"}}, "unknown_shape", "/defaults"),
        ({"data": ["a.fr"], "meta": {"deep": [{"tlp": "RED"}]}}, "unknown_shape", "/meta"),
        ({"data": ["a.fr"], "tlp": {"level": "RED"}}, "unknown_shape", "/tlp"),
        ({"data": ["a.fr"], "diffusion": "interne"}, "unknown_column", "/diffusion"),
        ([{"ioc": "a.fr"}, {"ioc": "b.fr", "more": {"diffusion": "interne"}}], "unknown_column", "/1/more"),
        ({"data": [{"ioc": "a.fr", "tlpp": "RED"}]}, "unknown_column", "/data"),
        ({"ioc": "a.fr", "more": {"tlp": "RED"}}, "unknown_shape", "/more"),
        ([{"name": "x"}], "no_value_column", "/"),
        ([{f"k{number}": 1 for number in range(300)}], "unknown_shape", "/"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_refused_with_its_place(document: Any, code: str, where: str) -> None:
    assert refused(document) == (code, where)


def test_an_element_that_is_none_is_refused_alone() -> None:
    found = rows(["evil-one.fr", 7, {"tags": ["x"]}, {"value": ""}])
    assert [(row.line, row.refusal.code if row.refusal else None) for row in found] == [
        (1, None), (2, "not_an_object"), (3, None), (4, "value_missing"),
    ]  # fmt: skip
    assert "value" not in found[2].fields, "refused where fields are read"


def test_objects_of_accounts_are_refused_and_nothing_of_them_is_shown() -> None:
    found = rows({"data": [{"url": "https://ent.example.org/", "login": "jdupont", "password": "s3cret-x"}]})
    assert [row.refusal.code for row in found if row.refusal] == ["credential"]
    assert "s3cret-x" not in str(found)
    assert "jdupont" not in str(found)


@pytest.mark.parametrize(
    ("head", "mine"),
    [
        (b'["evil-one.fr"', True),
        (b' {"query_status": "ok", "data": [ {"id": 1', True),
        (b'[{"ioc":"evil-one.fr"}]', True),
        (b'{"name": "x", "age": 7}', False),
        (b'[{"name": "x"}]', False),
        (b'{"value":"a.fr"}\n{"value":"b.fr"}\n', False),
        (b"[45.1.2.3] seen", False),
        (b'{"Event": {"info": "x", "data": [', False),
        (b'{"type": "bundle", "objects": [{"type": "indicator"', False),
        (b'[{"scenario": "crowdsecurity/ssh-bf", "source": {"ip": "45.1.2.3"}, "decisions": [', False),
    ],
)
def test_knows_its_own_files_and_leaves_those_of_others(head: bytes, mine: bool) -> None:
    assert READER.is_mine(head) is mine
