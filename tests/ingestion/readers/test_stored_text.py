"""A long text is stored without its passwords and read afterwards: it must tell then what it told before."""

from __future__ import annotations

import string

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ingestion.readers.credentials import holds_secret, redact, redact_value, redacted
from ingestion.readers.free_text import read

pieces = st.sampled_from(
    ["bob@univ.fr:hunter2", "bob:hunter2@univ.fr", "https://univ.fr/login:bob:hunter2", "login: bob",
     "password: hunter2", "login;password", "bob@univ.fr;hunter2", "evil[.]fr", "45.1.2.3", "Bonjour,",
     "vu hier sur le VPN", "", "  ",
     "bob@univ.fr|hunter2", "hxxps://evil[.]fr/a:b:c", "user;mot de passe", "x;y;z",
     "••••", "45.1.2.4 bob@univ.fr:hunter2"]
)  # fmt: skip
lines = st.one_of(pieces, st.text(string.printable, max_size=30), st.text("ab.@:;|•… /1", max_size=20))


@settings(max_examples=300)
@given(st.lists(lines, max_size=8))
@example(["login;password", "bob@univ.fr", "x;y;z", "evil.fr"])
@example(["bob@univ.fr:hunter2 ••••"])
def test_reading_what_is_stored_tells_the_same(found: list[str]) -> None:
    text = "\n".join(line.replace("\r", " ") for line in found)
    stored = redact(text)
    before, after = read(text), read(stored)

    def told(reading: object) -> list[tuple[object, ...]]:
        return [
            (item.line, item.type, item.canonical, item.refusal.code if item.refusal else None)
            for item in reading.candidates  # type: ignore[attr-defined]
        ]

    assert told(after) == told(before)
    assert after.lines_without_indicator == before.lines_without_indicator


@given(st.lists(lines, max_size=8))
def test_blanking_twice_is_blanking_once(found: list[str]) -> None:
    once = redact("\n".join(found))
    assert redact(once) == once


@given(st.lists(lines, max_size=8))
def test_lines_that_stream_in_are_blanked_as_the_whole(found: list[str]) -> None:
    text = "\n".join(found)
    assert "".join(redacted(text.splitlines(keepends=True))) == redact(text)


@given(lines)
def test_a_value_without_any_sign_of_a_secret_holds_none(text: str) -> None:
    assert redact_value(text) == redact(text)


@pytest.mark.parametrize("text", ["bob@univ.fr:hunter2", "bob:hunter2@univ[.]fr", "https://univ.fr/x:bob:hunter2"])
def test_a_blanked_account_is_still_one(text: str) -> None:
    assert holds_secret(text)
    assert holds_secret(redact(text))
    assert "hunter2" not in redact(text)


def test_blanks_hide_no_other_secret() -> None:
    assert "hunter2" not in redact("bob•••@…:•••• alice@univ.fr:hunter2")
