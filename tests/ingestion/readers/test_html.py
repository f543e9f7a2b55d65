"""Web pages: what is shown, where they lead, and that nothing hostile takes long."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.readers.files import Told
from ingestion.readers.html import Html
from ingestion.readers.page_text import page_of, text_of_page
from tests.contract.test_readers import CONTEXT, Held
from tests.ingestion.readers.whole_files import confidence, opened, told, values

PAGE = b"""<!DOCTYPE html>
<html lang=fr><head><meta charset="windows-1252"><title>Campagne \xe9t\xe9 &amp; suites</title>
<meta http-equiv=refresh content="0; url=https://evil-saut.fr/">
<style>@import url(https://polices.evil-cas.fr/p.css);</style>
<script>if (a < b) { fetch("https://evil-code.fr/x") }</script></head>
<body><p>TLP:AMBER+STRICT</p>
<table><tr><td>185.220.101.45</td><td>hxxp://evil-cas[.]fr/a</td></tr>
<tr><td>evil-<b>domaine</b>[.]fr</td></tr></table>
<a href = 'https://evil-lien.fr/?a=1&amp;b=2'>lien</a> <a href="/relatif">r</a> <a href="javascript:x()">j</a>
<img src=https://evil-image.fr/i.png><form action="//evil-forme.fr/post"></form>
</body></html>
"""


def test_a_page_gives_its_text_and_its_links() -> None:
    found = opened("html", PAGE)
    assert values(found) == {
        "url": [
            "https://evil-saut.fr/",
            "https://polices.evil-cas.fr/p.css",
            "https://evil-lien.fr/?a=1&b=2",
            "https://evil-image.fr/i.png",
            "https://evil-forme.fr/post",
            "http://evil-cas.fr/a",
            "https://evil-code.fr/x",
        ],
        "ipv4": ["185.220.101.45"],
        "domain": ["evil-domaine.fr"],
    }
    assert found.tale is not None
    assert found.tale.title == "Campagne été & suites"


def test_places_are_lines_and_what_is_fetched_is_doubtful() -> None:
    found = opened("html", PAGE)
    places = {item.candidate.canonical.value: item.candidate.line for item in told(found) if item.candidate.canonical}
    assert places["https://evil-saut.fr/"] == 3
    assert places["185.220.101.45"] == 7
    assert places["evil-domaine.fr"] == 8
    assert places["https://evil-image.fr/i.png"] == 10
    assert confidence(found, "https://evil-image.fr/i.png") == 30
    assert confidence(found, "https://evil-lien.fr/?a=1&b=2") is None


def test_the_marking_in_a_heading_holds_for_all_when_it_is_stricter() -> None:
    found = opened("html", PAGE)
    assert {item.said.get("tlp") for item in told(found)} == {"AMBER+STRICT"}
    assert found.tale is not None
    assert found.tale.said == {"tlp": "AMBER+STRICT"}
    looser = opened("html", b"<p>TLP:CLEAR</p><p>hxxp://evil-cas[.]fr/a</p>")
    assert [item.said for item in told(looser)] == [{}]
    red = opened("html", b"<h1>TLP:RED</h1><p>hxxp://evil-cas[.]fr/a</p>")
    assert [item.said for item in told(red)] == [{"tlp": "RED", "audience": "own"}]
    told_of = b"<p>TLP:RED means for the eyes and ears of individual recipients only</p><p>hxxp://evil-cas[.]fr/a</p>"
    assert [item.said for item in told(opened("html", told_of))] == [{}]


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("a<br>b", ["a", "b"]),
        ("a<b>b</b>c", ["abc"]),
        ("1 < 2 <3", ["1 < 2 <3"]),
        ("a<!-- x -->b<!DOCTYPE x>c", ["abc"]),
        ("a<p title='>'>b", ["a", "b"]),
        ("a<style>b</style>c<script>d</SCRIPT >e", ["ace"]),
        ("a<p x=\"b", ["a"]),
        ("a<!-- b", ["a"]),
        ("&eacute;&#233;&nbsp;x", ["éé x"]),
    ],
)  # fmt: skip
def test_text_is_what_a_browser_shows(source: str, lines: list[str]) -> None:
    assert page_of(source).lines == lines


@settings(max_examples=40, deadline=None)
@given(st.text(alphabet="<>/!-='\" \nabp&;s", max_size=200))
def test_any_text_is_a_page(source: str) -> None:
    page = page_of(source)
    assert len(page.lines) == len(page.places)
    assert all(1 <= place <= source.count("\n") + 1 for place in page.places)


@pytest.mark.parametrize(
    "piece",
    ["<a", "<!--", "</", "<a href='", "<script>", "<style></", "<![CDATA[", "<a b=", "&#", "<title>", "<a b='c' "],
)
def test_hostile_pages_take_no_time(piece: str) -> None:
    started = time.process_time()
    page_of(piece * (300_000 // len(piece)))
    assert time.process_time() - started < 2


def test_is_told_from_other_text_by_its_head() -> None:
    assert Html().is_mine(PAGE)
    assert Html().is_mine(b"\n<!-- kept -->\n<HTML>")
    assert not Html().is_mine(b"<xml>")
    assert not Html().is_mine(b"voir <html>")


REPORT = """<html><h2>Hameçonnage CAS</h2><p>evil-cas.fr imite le portail</p>
<p>C2 evil-c2[.]fr vu hier</p><p>site-propre.fr est légitime, faux positif</p>
<p>encore evil-cas.fr</p></html>""".encode()


def test_the_words_around_a_value_are_passed_on_as_those_of_a_text() -> None:
    found = {item.candidate.raw: item for item in told(opened("html", REPORT))}
    assert found["evil-cas.fr"].said == {"threat_type": "phishing", "comment": "imite le portail"}, "the first counts"
    assert found["evil-c2[.]fr"].said == {"threat_type": "c2", "comment": "C2 vu hier"}
    harmless = found["site-propre.fr"].candidate.refusal
    assert harmless is not None
    assert harmless.code == "said_harmless", "nothing is left out in silence"


def test_what_the_sender_has_said_is_not_said_by_the_words_around() -> None:
    context = replace(CONTEXT, hints=frozenset({"comment"}))
    items = [item for item in Html().opened(Held(REPORT), context).items if isinstance(item, Told)]
    assert not any("threat_type" in item.said for item in items)
    silent = replace(CONTEXT, hints=frozenset())
    items = [item for item in Html().opened(Held(REPORT), silent).items if isinstance(item, Told)]
    assert [dict(item.said) for item in items] == [{}, {}]


def test_no_password_is_in_the_words_that_are_passed_on() -> None:
    page = b"<html><p>evil-cas.fr login jean.dupont@example.org mot de passe: Tr0ub4dor-x</p></html>"
    assert "Tr0ub4dor-x" not in str(list(opened("html", page).items))


def test_a_page_as_text_for_mails_that_are_passed_on() -> None:
    source = """<style>p { color: red }</style><title>x</title><p>vu hier</p><p>--</p><p>Jean</p>
    <a href="https://evil-lien.fr/?a=1&amp;b=2">ici</a> <a href="https://evil-lien.fr/?a=1&amp;b=2">ici</a>
    <a href="mailto:a@evil-cas.fr">x</a><img src="http://evil-image.fr/i.png">"""
    links = ["https://evil-lien.fr/?a=1&b=2", "http://evil-image.fr/i.png"]
    assert text_of_page(source).splitlines() == ["vu hier", "--", "Jean", "ici ici", "x", *links]
    assert text_of_page(source, only_links=True).splitlines() == links
