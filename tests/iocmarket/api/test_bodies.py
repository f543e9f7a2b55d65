"""Reading bodies: what is not strictly text or JSON is refused with a code and its place."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iocmarket.api.bodies import MAX_DEPTH, loads, text_of
from iocmarket.api.problems import Problem

printable = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))
documents = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | printable,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(printable, inner, max_size=4),
)


def refused(read: Any, body: bytes, **extra: str) -> Problem:
    """The problem that a body is."""
    with pytest.raises(Problem) as caught:
        read(body, **extra)
    return caught.value


def outcome(read: Any, body: bytes) -> Any:
    """What was read, or the problem."""
    try:
        return read(body)
    except Problem as problem:
        return problem


@given(documents)
def test_any_document_reads_as_it_was_written(document: Any) -> None:
    assert loads(json.dumps(document).encode()) == document
    assert loads(b"\xef\xbb\xbf" + json.dumps(document, ensure_ascii=False).encode()) == document


@given(st.binary(max_size=200))
def test_any_bytes_are_a_document_or_a_problem_with_a_place(body: bytes) -> None:
    found = outcome(loads, body)
    assert not isinstance(found, Problem) or (found.status_code == 400 and found.where)


@pytest.mark.parametrize(
    ("body", "code", "where"),
    [
        (b"", "not_json", "line 1 column 1"),
        (b"{", "not_json", "line 1 column 2"),
        (b'{"a":1}\n x', "not_json", "line 2 column 2"),
        (b"{'a':1}", "not_json", "line 1 column 2"),
        (b'{"confidence":NaN}', "not_json", "line 1 column 15"),
        (b'{"confidence":Infinity}', "not_json", "line 1 column 15"),
        (b'{"confidence":1e999}', "not_json", "line 1 column 15"),
        (b'"1.2.3.4\n"', "not_json", "line 1 column 9"),
        (b'{"a":"\\u0000"}', "nul_character", "/a"),
        (b'{"a":[{"b\\u0000":1}]}', "nul_character", "/a/0/b\\u0000"),
        (b'"\\u0000"', "nul_character", "/"),
        (b'{"a":"\\ud800"}', "lone_surrogate", "line 1 column 7"),
        (b'{"a":"\\udc00x"}', "lone_surrogate", "line 1 column 7"),
        (b'{"a":"\xed\xa0\x80"}', "lone_surrogate", "byte 6"),
        (b'{"a":"\xe9"}', "not_text", "byte 6"),
        (b'{"a":"\xc0\x80"}', "not_text", "byte 6"),
        ("{}".encode("utf-16"), "not_text", "byte 0"),
        (b'{"tlp":"RED","tlp":"CLEAR"}', "duplicate_name", "/tlp"),
        (b'[{"a":{}},{"a/b":1,"c":2,"a/b":3}]', "duplicate_name", "/1/a~1b"),
        (b'{"x":{"a":1,"a":2},"x":1}', "duplicate_name", "/x"),
    ],
)
def test_what_is_not_strictly_json_is_refused_at_its_place(body: bytes, code: str, where: str) -> None:
    problem = refused(loads, body)
    assert (problem.status_code, problem.code, problem.where) == (400, code, where)


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'[{"a":', b" [ "])
@pytest.mark.parametrize("times", [MAX_DEPTH + 1, 1_000, 100_000])
def test_deep_nesting_is_refused_at_any_depth_at_once(opening: bytes, times: int) -> None:
    closing = opening.replace(b"[", b"]").replace(b'{"a":', b"}").strip()[::-1]
    begun = time.process_time()
    assert refused(loads, opening * times + b"1" + closing * times).code == "too_deep"
    assert time.process_time() - begun < 1


def test_the_deepest_permitted_document_is_read() -> None:
    assert loads(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH) is not None


def test_brackets_in_strings_are_no_nesting() -> None:
    assert loads(b'"' + b"[" * 1000 + b'"') == "[" * 1000


@pytest.mark.parametrize(
    "body",
    [
        b"[" + b"[]," * 500_000 + b"[]]",
        b'"' + b"\\n" * 1_000_000 + b'"',
        b'{"a":"' + b"x" * 4_000_000,
        b"9" * 2_000_000,
    ],
)
def test_a_large_hostile_body_is_answered_within_seconds(body: bytes) -> None:
    begun = time.process_time()  # of this process alone: what else the machine does is not measured
    outcome(loads, body)
    assert time.process_time() - begun < 5


@given(printable)
def test_text_in_utf_8_reads_as_it_was_written(text: str) -> None:
    plain = text.removeprefix("\ufeff")
    assert text_of(plain.encode()) == plain
    assert text_of(b"\xef\xbb\xbf" + plain.encode()) == plain
    assert text_of(plain.encode(), charset="UTF-8") == plain


def test_windows_1252_is_read_when_it_is_not_utf_8() -> None:
    text = "Détecté « hier » – 45.1.2.3 €"
    assert text_of(text.encode("cp1252")) == text
    for charset in ("windows-1252", "ISO-8859-1", "latin1"):
        assert text_of(text.encode("cp1252"), charset=charset) == text
    assert text_of("Détecté 1 €".encode("iso-8859-15"), charset="iso-8859-15") == "Détecté 1 €"


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_the_byte_order_mark_of_utf_16_is_understood(encoding: str) -> None:
    assert text_of("\ufeffévil 45.1.2.3".encode(encoding)) == "évil 45.1.2.3"


@pytest.mark.parametrize(
    ("body", "charset", "code", "where"),
    [
        (b"one\ntwo\x00\n", "", "nul_character", "line 2"),
        (b"45.1.2.3 \xed\xa0\x80", "", "lone_surrogate", "byte 9"),
        (b"45.1.2.3 \xed\xbf\xbf", "utf-8", "lone_surrogate", "byte 9"),
        (b"d\xe9j\xe0", "utf-8", "not_text", "byte 1"),
        (b"caf\xe9 \x81", "", "not_text", "byte 5"),
        (b"\xff\xfea", "", "not_text", "byte 0"),
        ("45.1.2.3".encode("utf-16-le"), "", "nul_character", "line 1"),
    ],
)
def test_what_is_no_text_is_refused_at_its_place(body: bytes, charset: str, code: str, where: str) -> None:
    problem = refused(text_of, body, charset=charset)
    assert (problem.status_code, problem.code, problem.where) == (400, code, where)


@pytest.mark.parametrize("charset", ["utf-7", "ebcdic-cp-fr", "idna", "rot13", "x" * 5000])
def test_an_encoding_that_is_not_read_here_is_415_and_says_which_are(charset: str) -> None:
    problem = refused(text_of, b"x", charset=charset)
    assert (problem.status_code, problem.code) == (415, "unsupported_charset")
    assert "utf-8" in str(problem.detail)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_text_without_nul_and_half_surrogates_or_a_problem(body: bytes) -> None:
    found = outcome(text_of, body)
    if isinstance(found, Problem):
        assert (found.status_code, bool(found.where)) == (400, True)
    else:
        assert "\x00" not in found
        assert found.encode().decode() == found
