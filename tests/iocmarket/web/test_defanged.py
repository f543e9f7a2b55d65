"""A value on a page: never clickable, never executed, nothing invisible in it."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iocmarket.web import defanged


class _Elements(HTMLParser):
    """Collects the start tags and the text of a piece of HTML."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def read(html: str) -> _Elements:
    parser = _Elements()
    parser.feed(html)
    parser.close()
    return parser


@given(st.text())
def test_any_value_becomes_text_and_two_harmless_elements(value: str) -> None:
    assert read(defanged.as_html(value)).tags <= {"span", "wbr"}


@given(st.text(alphabet=st.characters(exclude_categories=["C", "Z"])))
def test_what_is_seen_is_the_value(value: str) -> None:
    assert read(defanged.as_html(value)).text == value


@pytest.mark.parametrize("payload", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "'onfocus='x"])
def test_markup_in_a_value_is_text(payload: str) -> None:
    assert "<script" not in defanged.as_html(payload)
    assert "<img" not in defanged.as_html(payload)


@pytest.mark.parametrize("unseen", ["\u202e", "\u200b", "\u2066", "\x00", "\ufeff", "\n"])
def test_invisible_characters_are_written_out(unseen: str) -> None:
    html = str(defanged.as_html(f"invoice{unseen}fdp.exe"))
    assert unseen not in html
    assert f"[U+{ord(unseen):04X}]" in html


def test_added_brackets_are_dimmed() -> None:
    assert defanged.as_html("evil[.]top") == 'evil<span class="value-fang">[.]</span>top'


def test_a_type_that_nobody_knows_any_more_is_still_defanged() -> None:
    shown = defanged.defang("gone-type", "http://evil.top/a@b")
    assert not re.search(r"(?<!\[)[.:@]", shown)
    assert defanged.label_of("gone-type") == "gone-type"


def test_a_long_hash_shows_its_two_ends() -> None:
    digest = "9b1c7f0d4e52a8836f7be0c1d2a39f54c6e81b07a2d5f3904be6c71d83fa2e5d"
    assert defanged.shortened(digest) == "9b1c7f0d4e52a8…1d83fa2e5d"
    assert defanged.shortened(digest[:32]) == digest[:32]
