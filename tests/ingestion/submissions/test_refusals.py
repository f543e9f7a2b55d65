"""Everything that cannot be taken as a whole: what is wrong, where, and nothing stored."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from django.test import Client

from iocmarket.indicators.models import Contribution
from tests.ingestion.submissions.conftest import PATH, Sender, row_counts

VALUE = "45.1.2.3"


def refused(answer: Any, status: int, code: str, where: str | None = None) -> dict[str, Any]:
    """The problem that an answer is."""
    body: dict[str, Any] = answer.json()
    assert (answer.status_code, body.get("code")) == (status, code), body
    assert answer["Content-Type"] == "application/problem+json"
    assert body["detail"]
    if where is not None:
        assert body.get("where", "") == where
    return body


@pytest.fixture(autouse=True)
def _worker(working: None) -> None:
    """Long submissions are taken."""


@pytest.fixture(autouse=True)
def _nothing_is_stored(sender: Sender, request: pytest.FixtureRequest) -> Any:
    """After each test of this module every table holds what it held before."""
    before = row_counts()
    yield
    assert row_counts() == before


@pytest.mark.parametrize(
    ("document", "code", "where"),
    [
        ([], "not_an_object", "/"),
        ("45.1.2.3", "not_an_object", "/"),
        (None, "not_an_object", "/"),
        (7, "not_an_object", "/"),
        ({}, "nothing_sent", "/"),
        ({"defaults": {}}, "nothing_sent", "/"),
        ({"indicators": None, "text": None}, "nothing_sent", "/"),
        ({"indicators": {}}, "not_a_list", "/indicators"),
        ({"indicators": "45.1.2.3"}, "not_a_list", "/indicators"),
        ({"indicators": [VALUE], "ttl": 1}, "unknown_field", "/ttl"),
        ({"indicators": [VALUE], "a/b~c": 1}, "unknown_field", "/a~1b~0c"),
        ({"indicators": [VALUE], "defaults": []}, "not_an_object", "/defaults"),
        ({"indicators": [VALUE], "defaults": ""}, "not_an_object", "/defaults"),
        ({"indicators": [VALUE], "defaults": {"TLP": "RED"}}, "unknown_field", "/defaults/TLP"),
        ({"indicators": [VALUE], "defaults": {"value": "x"}}, "unknown_field", "/defaults/value"),
        ({"indicators": [VALUE], "defaults": {"explicit": ["tlp"]}}, "unknown_field", "/defaults/explicit"),
        ({"indicators": [VALUE], "text": ["x"]}, "not_text", "/text"),
        ({"indicators": [VALUE, 7]}, "not_an_object", "/indicators/1"),
        ({"indicators": [None]}, "not_an_object", "/indicators/0"),
        ({"indicators": [[VALUE]]}, "not_an_object", "/indicators/0"),
        ({"indicators": [{}]}, "value_missing", "/indicators/0/value"),
        ({"indicators": [" "]}, "value_missing", "/indicators/0/value"),
        ({"indicators": [{"value": 7}]}, "value_missing", "/indicators/0/value"),
        ({"indicators": [{"value": ["x"]}]}, "value_missing", "/indicators/0/value"),
        ({"indicators": ["x" * 70_000]}, "value_too_long", "/indicators/0/value"),
        ({"indicators": [{"value": VALUE, "type": 4}]}, "not_text", "/indicators/0/type"),
        ({"indicators": [{"value": VALUE, "note": ""}]}, "unknown_field", "/indicators/0/note"),
        ({"indicators": [{"value": VALUE, "institution": 1}]}, "unknown_field", "/indicators/0/institution"),
        ({"indicators": [{"value": VALUE, "id": 1}]}, "unknown_field", "/indicators/0/id"),
        ({"indicators": [{"value": VALUE, "withdrawn_at": None}]}, "unknown_field", "/indicators/0/withdrawn_at"),
        ({"indicators": [{"value": VALUE, "comment": "x" * 2001}]}, "too_long", "/indicators/0/comment"),
        ({"indicators": [{"value": VALUE, "comment": 7}]}, "not_text", "/indicators/0/comment"),
        ({"indicators": [{"value": VALUE, "confidence": 101}]}, "bad_confidence", "/indicators/0/confidence"),
        ({"indicators": [{"value": VALUE, "confidence": -1}]}, "bad_confidence", "/indicators/0/confidence"),
        ({"indicators": [{"value": VALUE, "confidence": True}]}, "bad_confidence", "/indicators/0/confidence"),
        ({"indicators": [{"value": VALUE, "confidence": 60.5}]}, "bad_confidence", "/indicators/0/confidence"),
        ({"indicators": [{"value": VALUE, "confidence": 10**400}]}, "not_json", None),
        ({"indicators": [{"value": VALUE, "confidence": 10**30}]}, "bad_confidence", "/indicators/0/confidence"),
        (
            {"indicators": [{"value": VALUE, "confidence": "0000000001000"}]},
            "bad_confidence",
            "/indicators/0/confidence",
        ),
        ({"indicators": [{"value": VALUE, "confidence": "٦٠"}]}, "bad_confidence", "/indicators/0/confidence"),
        ({"indicators": [{"value": VALUE, "threat_type": "evil"}]}, "unknown_threat_type", "/indicators/0/threat_type"),
        ({"indicators": [{"value": VALUE, "valid_until": "soon"}]}, "bad_date", "/indicators/0/valid_until"),
        ({"indicators": [{"value": VALUE, "valid_until": "2020-01-01"}]}, "in_the_past", "/indicators/0/valid_until"),
        ({"indicators": [{"value": VALUE, "valid_until": "9999-12-31T23:59:59-14:00"}]}, "bad_date", None),
        ({"indicators": [{"value": VALUE, "first_seen": "0001-01-01T00:00:00+14:00"}]}, "bad_date", None),
        ({"indicators": [{"value": VALUE, "first_seen": "2099-01-01"}]}, "in_the_future", "/indicators/0/first_seen"),
        (
            {"indicators": [{"value": VALUE, "first_seen": "2026-02-01", "last_seen": "2026-01-01"}]},
            "dates_out_of_order",
            "/indicators/0/first_seen",
        ),
        ({"indicators": [{"value": VALUE, "tags": "x" * 101}]}, "too_long", "/indicators/0/tags"),
        ({"indicators": [{"value": VALUE, "tags": [1]}]}, "not_text", "/indicators/0/tags"),
        ({"indicators": [{"value": VALUE, "tags": {}}]}, "not_a_list", "/indicators/0/tags"),
        ({"indicators": [{"value": VALUE, "tags": ["a\nb"]}]}, "bad_tag", "/indicators/0/tags"),
        ({"indicators": [{"value": VALUE, "tags": [str(n) for n in range(51)]}]}, "too_many", "/indicators/0/tags"),
        ({"indicators": [{"value": VALUE, "anonymous": "perhaps"}]}, "not_a_flag", "/indicators/0/anonymous"),
        ({"indicators": [{"value": VALUE, "anonymous": 1}]}, "not_text", "/indicators/0/anonymous"),
        ({"indicators": [VALUE], "report": []}, "not_an_object", "/report"),
        ({"indicators": [VALUE], "report": {}}, "title_missing", "/report/title"),
        ({"indicators": [VALUE], "report": {"title": "x" * 201}}, "bad_text", "/report/title"),
        ({"indicators": [VALUE], "report": {"title": "x", "tlp": "RED"}}, "unknown_field", "/report/tlp"),
    ],
)
def test_a_document_is_refused_at_the_place_of_its_fault(
    document: Any, code: str, where: str | None, sender: Sender
) -> None:
    answer = sender.raw(json.dumps(document).encode())
    refused(answer, 400 if code == "not_json" else 422, code, where)


def test_every_faulty_item_is_named_at_once(sender: Sender) -> None:
    body = refused(
        sender.json(VALUE, {"value": VALUE, "tlp": "PINK"}, {"valeur": VALUE}, 7, defaults={"pap": "x"}, extra=1),
        422, "unknown_field",
    )  # fmt: skip
    assert [(fault["where"], fault["code"]) for fault in body["errors"]] == [
        ("/extra", "unknown_field"),
        ("/defaults/pap", "unknown_pap"),
        ("/indicators/1/tlp", "unknown_tlp"),
        ("/indicators/2/value", "value_missing"),
        ("/indicators/3", "not_an_object"),
    ]


@pytest.mark.parametrize(
    ("body", "code", "where"),
    [
        (b"{", "not_json", "line 1 column 2"),
        (b'{"indicators":["45.1.2.3"],}', "not_json", "line 1 column 27"),
        (b'{"indicators":[{"value":"45.1.2.3","confidence":NaN}]}', "not_json", "line 1 column 49"),
        (b'{"indicators":["45.1.2.3\\u0000"]}', "nul_character", "/indicators/0"),
        (b'{"indicators":["45.1.2.3\\ud800"]}', "lone_surrogate", "line 1 column 25"),
        (b'{"indicators":["45.1.2.3\xed\xa0\x80"]}', "lone_surrogate", "byte 24"),
        (b'{"indicators":["45.1.2.3\xe9"]}', "not_text", "byte 24"),
        (b'{"indicators":["45.1.2.3"],"indicators":[]}', "duplicate_name", "/indicators"),
        (b'{"indicators":[{"value":"45.1.2.3","tlp":"RED","tlp":"CLEAR"}]}', "duplicate_name", "/indicators/0/tlp"),
        (b'{"indicators":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "too_deep", None),
        (b'{"indicators":' + b'[{"value":' * 100_000, "too_deep", None),
    ],
)
def test_a_body_that_is_no_sound_json_is_refused_at_its_place(
    body: bytes, code: str, where: str | None, sender: Sender
) -> None:
    refused(sender.raw(body), 400, code, where)


@pytest.mark.parametrize(
    ("body", "code", "where"),
    [
        (b"45.1.2.3\n45.1.2.4\x00", "nul_character", "line 2"),
        (b"45.1.2.3 \xed\xa0\x80", "lone_surrogate", "byte 9"),
        (b"45.1.2.3 \x81", "not_text", "byte 9"),
        (b"45.1.2.3\n" + b"a" * 1_000_000, "line_too_long", "line 2"),
    ],
)
def test_a_body_that_is_no_sound_text_is_refused_at_its_place(
    body: bytes, code: str, where: str, sender: Sender
) -> None:
    refused(sender.raw(body, "text/plain"), 422 if code == "line_too_long" else 400, code, where)


@pytest.mark.parametrize(
    ("query", "code", "where"),
    [
        ("?tlp=RED&tlp=CLEAR", "duplicate_name", "?tlp"),
        ("?colour=red", "unknown_field", "?colour"),
        ("?format=csv", "unknown_format", "?format"),
        ("?comment=a%00b", "nul_character", "?comment"),
        ("?audience=recipients&recipients=%00", "nul_character", "?recipients"),
        ("?confidence=many", "bad_confidence", "?confidence"),
        ("?explicit=tlp", "unknown_field", "?explicit"),
    ],
)
def test_a_parameter_is_refused_by_its_name(query: str, code: str, where: str, sender: Sender) -> None:
    refused(sender.text(VALUE, query), 400 if code == "duplicate_name" else 422, code, where)


def test_json_carries_its_own_defaults(sender: Sender) -> None:
    refused(sender.json(VALUE, query="?tlp=RED"), 400, "unknown_parameter", "?tlp")


@pytest.mark.parametrize("content_type", ["application/json", "text/plain"])
def test_an_empty_body_is_nothing(content_type: str, sender: Sender) -> None:
    refused(sender.raw(b"", content_type), 422, "nothing_sent", "/")


@pytest.mark.parametrize(
    "content_type",
    [
        "text/css",
        "multipart/form-data; boundary=x",
        "image/png",
        "application/octet-stream",
        "x",
    ],
)
def test_another_media_type_is_415_and_those_that_are_read_are_named(content_type: str, sender: Sender) -> None:
    body = refused(sender.raw(b"45.1.2.3", content_type), 415, "unsupported_media_type")
    assert {"application/json", "text/plain", "text/csv", "application/x-ndjson"} <= set(body["supported"])


@pytest.mark.parametrize(
    ("content_type", "charset"),
    [("application/json", "iso-8859-1"), ("application/json", "utf-16"), ("text/plain", "utf-7"), ("text/plain", "x")],
)
def test_another_charset_is_415(content_type: str, charset: str, sender: Sender) -> None:
    refused(sender.raw(b'{"indicators":[]}', f"{content_type}; charset={charset}"), 415, "unsupported_charset")


@pytest.mark.parametrize("coding", ["deflate", "br", "zstd", "gzip, identity", "gzip, gzip"])
@pytest.mark.parametrize("content_type", ["application/json", "text/plain"])
def test_a_body_compressed_otherwise_than_by_gzip_is_415(coding: str, content_type: str, sender: Sender) -> None:
    body = gzip.compress(b'{"indicators":["45.1.2.3"]}')
    answer = sender.raw(body, content_type, **{"Content-Encoding": coding})
    refused(answer, 415, "unsupported_encoding", "Content-Encoding")


def test_the_identity_coding_is_none(sender: Sender) -> None:
    answer = sender.raw(b'{"indicators":[]}', query="?dry_run=1", **{"Content-Encoding": "identity"})
    assert answer.status_code == 200


def test_a_dry_run_of_more_than_five_hundred_items_is_413(sender: Sender) -> None:
    values = [f"45.1.{n // 250}.{n % 250}" for n in range(501)]
    refused(sender.json(*values, query="?dry_run=1"), 413, "too_many_items")
    refused(sender.text("\n".join(values), "?dry_run=1"), 413, "too_many_items")
    refused(sender.json(*values[:300], text="\n".join(values[300:]), query="?dry_run=1"), 413, "too_many_items")


def test_a_browser_that_asks_for_a_page_gets_a_problem(sender: Sender) -> None:
    answer = sender.raw(b"{", Accept="text/html")
    refused(answer, 406, "not_acceptable")


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete", "head"])
def test_another_method_is_405(method: str, sender: Sender) -> None:
    answer = getattr(sender.client, method)(PATH)
    assert answer.status_code == 405
    assert "POST" in answer["Allow"]


def test_without_a_token_the_body_is_not_even_read(sender: Sender) -> None:
    answer = Client().generic("POST", PATH, b"{" * 1000, content_type="application/json")
    refused(answer, 401, "not_authenticated")


def test_one_unknown_recipient_refuses_the_whole(sender: Sender) -> None:
    item = {"value": "45.1.2.4", "audience": "recipients", "recipients": ["Nobody"]}
    refused(sender.json(VALUE, item), 422, "unknown_recipient", "/indicators/1/recipients")
    assert not Contribution.unscoped.exists()
