"""Finding values at their signs finds what trying every place of a line finds."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.readers.lines import Lines
from ingestion.readers.scan import Found, places_in, scan, scan_line
from iocmarket.indicators.recognise import finder

_MD5 = "900150983cd24fb0d6963f7d28e17f72"
_PIECES = [
    *["203.0.113.9", "evil.org", "http://evil.org/a", "bob@evil.org", "2001:db8::1", "::1", "1:/24", "AS64500", "/24"],
    *[
        _MD5,
        "0x" + _MD5,
        "CVE-2019-0708",
        "filename:",
        "nom du fichier",
        "file name",
        "ja3",
        "imphash",
        "ssdeep",
        "jarm",
    ],
    *["evil[.]org", "hxxp://evil[.]org", "AS", "as 64500", "asn : 64500", "*.", "x.exe", "bc1", "a" * 30, "12:34:56"],
    *[
        " ",
        " ",
        " ",
        "\t",
        ":",
        "=",
        ".",
        "-",
        "--",
        "/",
        "@",
        ";",
        ",",
        '"',
        "(",
        ")",
        "[",
        "]",
        "é",
        "a",
        "1",
        "_",
        "#",
    ],
]


def told(found: list[Found]) -> list[tuple[object, ...]]:
    """What was found, a refusal by its code."""
    return [
        (each.raw, each.start, each.end, each.type, each.canonical, each.refusal and each.refusal.code, each.certain)
        for each in found
    ]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(_PIECES), max_size=14).map("".join))
def test_values_are_found_at_their_signs_as_they_are_everywhere(text: str) -> None:
    lines, within = Lines(text), finder()
    at_signs = scan(lines).get(0, [])
    assert told(at_signs) == told(scan_line(lines, 0, within, range(len(lines.text)), {}))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(_PIECES), max_size=14).map("".join))
def test_usual_spellings_are_read_as_all_others_are(text: str) -> None:
    lines, within = Lines(text), finder()
    slowly = within._replace(plain=re.compile("(?!)"))
    places = range(len(lines.text))
    assert told(scan_line(lines, 0, within, places, {})) == told(scan_line(lines, 0, slowly, places, {}))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from([*_PIECES, "\n", "\n"]), max_size=30).map("".join))
def test_lines_are_read_together_as_each_of_them_is(text: str) -> None:
    together = scan(Lines(text))
    for index, line in enumerate(text.split("\n")):
        assert told(together.get(index, [])) == told(scan(Lines(line)).get(0, []))


def test_a_label_after_another_value_is_found() -> None:
    found = scan(Lines("vu sur evil.org filename: mal.exe"))[0]
    assert [each.canonical and each.canonical.value for each in found] == ["evil.org", "mal.exe"]


def test_a_line_without_a_sign_has_no_place_to_look_at() -> None:
    assert places_in("Aucun autre élément relevé ce jour-là : rien, ni hier (vendredi) ni avant !", finder()) == []


def test_a_label_is_looked_at_from_its_first_word_in_its_own_line() -> None:
    text = "autre chose\nnom du fichier : evil.exe"
    assert min(places_in(text, finder())) == text.index("nom")
