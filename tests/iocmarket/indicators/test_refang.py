"""Refanging: every notation that reports use, the way back to what was typed, and time that is linear."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iocmarket.indicators.refang import (
    _BRACKET,
    _INVISIBLE,
    _LOOKALIKES,
    _NOTATION,
    _SPELLED,
    _meant,
    refang,
    refang_line,
)

NOTATIONS = [
    ("evil[.]org", "evil.org"),
    ("evil(.)org", "evil.org"),
    ("evil{.}org", "evil.org"),
    ("evil<.>org", "evil.org"),
    ("evil«.»org", "evil.org"),
    ("evil« . »org", "evil.org"),
    ("evil[dot]org", "evil.org"),
    ("evil(DOT)org", "evil.org"),
    ("evil[point]org", "evil.org"),
    ("evil [point] org", "evil.org"),
    ("evil[,]org", "evil.org"),
    ("evil[[.]]org", "evil.org"),
    ("evil[.org", "evil.org"),
    ("evil.]org", "evil.org"),
    (r"evil\.org", "evil.org"),
    (r"evil\[.\]org", "evil.org"),
    ("evil。org", "evil.org"),
    ("evil．org", "evil.org"),
    ("evil\u200b.\u200borg", "evil.org"),
    ("evil\u2011campus.org", "evil-campus.org"),
    ("evil [.]\u2003org", "evil.org"),
    ("bob[@]evil.org", "bob@evil.org"),
    ("bob[at]evil.org", "bob@evil.org"),
    ("bob(AT)evil.org", "bob@evil.org"),
    ("bob {at} evil.org", "bob@evil.org"),
    ("bob[arobase]evil.org", "bob@evil.org"),
    ("bob＠evil.org", "bob@evil.org"),
    ("hxxp://evil.org", "http://evil.org"),
    ("hXXps://evil.org", "https://evil.org"),
    ("h**p://evil.org", "http://evil.org"),
    ("htxp://evil.org", "http://evil.org"),
    ("h[tt]p://evil.org", "http://evil.org"),
    ("meow://evil.org", "http://evil.org"),
    ("ttp://evil.org", "http://evil.org"),
    ("ttps://evil.org", "https://evil.org"),
    ("fxp://evil.org", "ftp://evil.org"),
    ("sfxp://evil.org", "sftp://evil.org"),
    ("http[:]//evil.org", "http://evil.org"),
    ("http[://]evil.org", "http://evil.org"),
    ("[hxxp://]evil.org", "http://evil.org"),
    ("[http]://evil.org", "http://evil.org"),
    ("http:[/][/]evil.org", "http://evil.org"),
    (r"http:\\evil.org", "http://evil.org"),
    ("hxxps:///evil.org", "https:///evil.org"),
    (r"http:\/\/evil.org\/a", "http://evil.org/a"),
    ("http ://evil.org", "http://evil.org"),
    ("http://evil.org[/]a", "http://evil.org/a"),
    ("ldap[:]//evil.org", "ldap://evil.org"),
    ("2001[:]db8[:][:]1", "2001:db8::1"),
    ("2001:db8:[:]1", "2001:db8::1"),
]

UNTOUCHED = [
    "evil.org",
    "HTTP://evil.org/A",
    "https://[2001:db8::1]/",
    "[label](http://evil.org)",
    "(see http://evil.org)",
    "a list [a, b] and f(x)",
    "https://evil.org/a_(b).html",
    "a phrase (in brackets). Another",
    "see [1] and (2)",
]


@pytest.mark.parametrize(("typed", "meant"), NOTATIONS)
def test_a_notation_stands_for_what_it_hides(typed: str, meant: str) -> None:
    assert refang(typed) == meant


@pytest.mark.parametrize("text", UNTOUCHED)
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert refang(text) == text


@pytest.mark.parametrize(("typed", "meant"), NOTATIONS)
def test_a_line_remembers_how_a_value_was_typed(typed: str, meant: str) -> None:
    line = refang_line(f"seen [1] \u200bon {typed} today")
    start = line.text.index(meant)
    assert line.raw(start, start + len(meant)).strip("\u200b") == typed


@given(st.text(st.sampled_from("abhxtps[](){}<>«»\\/:.@,-*dot \u200b\u2011。＠point"), max_size=40))
def test_what_is_refanged_stays_as_it_is(text: str) -> None:
    once = refang(text)
    assert refang(once) == once


@given(st.text(st.characters()))
def test_the_pieces_of_a_line_make_up_what_was_typed(text: str) -> None:
    line = refang_line(text)
    assert line.raw(0, len(line.text)) in text
    cut = len(line.text) // 2
    first, second = line.span(0, cut), line.span(cut, len(line.text))
    assert first[1] <= second[0] or cut == 0


@pytest.mark.parametrize(
    "piece", ["[", "[.", "a[.]", "hxxp:", "hxxp:////", "\\", "a\\", "(at", "a  [", "\u200b", "[<[", " ", "http://"]
)
def test_a_megabyte_of_hostile_text_takes_linear_time(piece: str) -> None:
    def seconds(size: int) -> float:
        text = piece * (size // len(piece))
        started = time.process_time()
        refang_line(text)
        return time.process_time() - started

    # Quadratic work would take 64 times as long for 8 times the text; the constant forgives a busy machine.
    assert seconds(1_000_000) < 24 * max(seconds(125_000), 0.01)


@given(st.text("0123456789abcdefhmopstxz._@-ABX", max_size=40))
def test_a_plain_value_is_passed_over(text: str) -> None:
    assert refang(text) == text


WORDS = "evil a _ org . [.] (.) [dot] (at) {point} hxxp hXXps http https ftp fxp ttp meow f**p :// : / // [://] [,] - @"
MARKS = [
    "[",
    "]",
    "(",
    ")",
    "<",
    "\\",
    ":\\\\",
    "«",
    "»",
    " ",
    "  ",
    "é",
    "\u200b",
    "\u2011",
    "\uff0e",
    "\u017f",
    "?",
    "=",
    "\n",
]
PIECES = st.sampled_from([*WORDS.split(), *MARKS])


def at_length(text: str) -> str:
    """One pass over every place of a text, nothing passed over."""
    if not text.isascii():
        text = _INVISIBLE.sub("", text.translate(_LOOKALIKES))
    return _NOTATION.sub(_meant, text) if _BRACKET.search(text) or _SPELLED.search(text) else text


@settings(max_examples=1000, deadline=None)
@given(st.lists(PIECES, max_size=12).map("".join))
def test_what_is_passed_over_holds_no_notation(text: str) -> None:
    line, once = refang_line(text), at_length(text)
    assert line.text == once
    again = at_length(once)
    while again != once:
        once, again = again, at_length(again)
    assert refang(text) == once
