"""One object a line: strict line by line, so that one bad line costs one item."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.readers import Row, row_readers


def rows(*lines: str) -> list[Row]:
    """The rows of a file."""
    return list(row_readers["ndjson"].rows(line + "\n" for line in lines))


def test_objects_and_texts_are_rows() -> None:
    assert rows('{"value":"evil.fr","tlp":"RED"}', "", '"45.1.2.3"', "   ") == [
        Row(1, {"value": "evil.fr", "tlp": "RED"}),
        Row(3, {"value": "45.1.2.3"}),
    ]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("{", "not_json"),
        ("evil.fr", "not_json"),
        ("7", "not_an_object"),
        ('["evil.fr"]', "not_an_object"),
        ("null", "not_an_object"),
        ('{"value":"x","confidence":NaN}', "not_json"),
        ('{"value":"x","tlp":"RED","tlp":"CLEAR"}', "duplicate_name"),
        ('{"value":"x\\u0000"}', "nul_character"),
        ('{"value":"x\\ud800"}', "lone_surrogate"),
        ("[" * 100_000, "not_json"),
        ('{"value":"x","confidence":' + "9" * 10_000 + "}", "not_json"),
    ],
)
def test_a_line_that_is_no_sound_object_is_refused_alone(line: str, code: str) -> None:
    good, bad = rows('{"value":"evil.fr"}', line)
    assert good.refusal is None
    assert bad.refusal is not None
    assert (bad.line, bad.refusal.code) == (2, code)


def test_an_escaped_backslash_before_u0000_is_no_nul() -> None:
    assert rows(json.dumps({"value": "evil.fr", "comment": "\\u0000"}))[0].refusal is None


def test_a_refused_line_shows_no_password() -> None:
    assert "hunter2" not in rows('{"user":"bob","password":"hunter2"')[0].raw


@given(st.dictionaries(st.text(max_size=8), st.none() | st.booleans() | st.integers() | st.text(max_size=20)))
def test_any_object_is_read_or_refused(document: dict[str, Any]) -> None:
    (row,) = rows(json.dumps(document))
    assert row.refusal is not None or row.fields == document
