"""What the rules for SpamAssassin find in a mail, and what they leave alone."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sharing.feeds.mail_expressions import cut_by_reading, name_in_list, name_in_text, page_in_list, page_in_text

NAME = "xn--voil-sc-cwa7f.fr"
LETTERS = "voilà-séc.fr"
WITHIN = [
    f"see http://{LETTERS}/p now",
    f"see HTTPS://{LETTERS.upper()}",
    f"see http://user@{LETTERS}:8080/p",
    LETTERS,
    f"allez sur {LETTERS}.",
    f"({LETTERS})",
    f"« {LETTERS} »",
    f"“{LETTERS}”",
    f"«{LETTERS}», {LETTERS}…",
    f"le site {LETTERS}, ou {LETTERS}!",
    unicodedata.normalize("NFD", f"see {LETTERS} now"),
]
ALIKE = [
    f"see http://not{LETTERS}/",
    f"see http://é{LETTERS}/",
    f"see {LETTERS}.org",
    f"see http://{LETTERS}.org/",
    f"see {LETTERS}-x.org",
    f"see {LETTERS}é.org",
    f"see {LETTERS}. org".replace(". ", "。"),
    f"see x-{LETTERS}",
    f"see http://good.org/{LETTERS}",
    f"see http://good.org/?u={LETTERS}",
    f"see http://{LETTERS}@good.org/",
    f"write to bob@{LETTERS}",
    "see http://voila-sec.fr/ and voilá-séc.fr and voilà-sèc.fr",
    "see voilà-sécxfr",
]


def found(expression: str, text: str) -> bool:
    """Whether it is found, byte by byte, as SpamAssassin looks for it."""
    return re.search(expression.encode(), text.encode()) is not None


@pytest.mark.parametrize("text", WITHIN)
def test_a_name_is_found_in_running_text(text: str) -> None:
    assert found(name_in_text(NAME, subtree=False), text)


@pytest.mark.parametrize("subtree", [False, True])
@pytest.mark.parametrize("text", ALIKE)
def test_a_look_alike_is_left_alone(text: str, subtree: bool) -> None:
    assert not found(name_in_text(NAME, subtree=subtree), text)


@pytest.mark.parametrize("text", ["http://a.é.voilà-séc.fr/", "see www.voilà-séc.fr", "http://x:y@à.voilà-séc.fr"])
def test_sub_names_are_found_where_they_are_meant(text: str) -> None:
    assert found(name_in_text(NAME, subtree=True), text)
    assert not found(name_in_text(NAME, subtree=False), text)


@pytest.mark.parametrize("host", [NAME, LETTERS, LETTERS.upper(), unicodedata.normalize("NFD", LETTERS)])
def test_a_link_is_found_in_either_spelling(host: str) -> None:
    assert found(name_in_list(NAME, subtree=False), f"http://{host}/p")
    assert found(page_in_list(f"http://{NAME}/p?x=1"), f"http://{host}/p?x=1")
    assert not found(name_in_list(NAME, subtree=False), f"http://{host}.org/p")
    assert not found(page_in_list(f"http://{NAME}/p"), f"http://{host}/pq")


def test_a_link_is_found_in_the_bytes_that_html_makes_of_its_entities() -> None:
    assert re.search(name_in_list(NAME, subtree=False).encode(), f"http://{LETTERS}/".encode("latin-1"))


@pytest.mark.parametrize("after", ["", " now", ".", "), and", " »", "'", "…", '"', "<br>"])
def test_a_page_is_found_in_running_text(after: str) -> None:
    assert found(page_in_text(f"http://{NAME}/a;b?x=1"), f"see http://{LETTERS}/a;b?x=1{after}")


@pytest.mark.parametrize("after", ["2", "&y=2", "/z", "é"])
def test_another_page_is_left_alone(after: str) -> None:
    assert not found(page_in_text(f"http://{NAME}/a;b?x=1"), f"see http://{LETTERS}/a;b?x=1{after}")


def test_names_of_ascii_need_no_rule_on_running_text() -> None:
    assert [cut_by_reading(text) for text in (NAME, f"http://{NAME}/")] == [True, True]
    assert [cut_by_reading(text) for text in ("evil.fr", "http://evil.fr/xn--voil-sc-cwa7f.fr", "xn--a.fr")] == [
        False
    ] * 3


@given(
    st.text(alphabet=st.sampled_from("aéà.,/@:;=- x"), max_size=12),
    st.text(alphabet=st.sampled_from("aéà.,/@ "), max_size=6),
)
@settings(max_examples=40)
def test_whatever_stands_around_a_name_nothing_ends_its_rule(before: str, after: str) -> None:
    expression = name_in_text(NAME, subtree=True)
    assert "," not in expression
    assert "#" not in expression
    hit = found(expression, f"{before}{LETTERS}{after}")
    if hit:
        assert not (before and before[-1] in "aéàx-@=" and "//" not in before)
        assert not (after and after[0] in "aéà@")
