"""Finding values at their signs finds what trying every place of a line finds."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.readers.scan import Found, places_in, scan
from iocmarket.indicators.recognise import finder
from iocmarket.indicators.refang import refang_line

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
    line, within = refang_line(text), finder()
    at_signs = scan(line, within, places_in(line.text, within), {})
    assert told(at_signs) == told(scan(line, within, range(len(line.text)), {}))


def test_a_line_without_a_sign_has_no_place_to_look_at() -> None:
    assert places_in("Aucun autre élément relevé ce jour-là : rien, ni hier (vendredi) ni avant !", finder()) == []


def test_a_label_is_looked_at_from_its_first_word_in_its_own_line() -> None:
    text = "autre chose\nnom du fichier : evil.exe"
    assert min(places_in(text, finder())) == text.index("nom")
