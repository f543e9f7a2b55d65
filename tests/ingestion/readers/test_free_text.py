"""The reader of free text: what is an item, what is told, what is never shown."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.readers.base import RAW_LENGTH, Candidate, Reading, decoded, readers
from ingestion.readers.free_text import read


def told(reading: Reading) -> list[tuple[int, str, str]]:
    """Line, type and value of accepted items; line, `refused` and code of the others."""
    return [_told(candidate) for candidate in reading.candidates]


def _told(candidate: Candidate) -> tuple[int, str, str]:
    if candidate.refusal is not None:
        return candidate.line, "refused", candidate.refusal.code
    assert candidate.type is not None
    assert candidate.canonical is not None
    return candidate.line, candidate.type, candidate.canonical.value


def values(text: str) -> list[str]:
    """The accepted values of a text."""
    return [candidate.canonical.value for candidate in read(text).candidates if candidate.canonical is not None]


SENTENCES = [
    ("IP 203[.]0[.]113[.]9 brute-force CAS depuis 02h15, 3 comptes touchés", ["203.0.113.9"]),
    ("bloqué au pare-feu : 203.0.113.0/24.", ["203.0.113.0/24"]),
    ("beaconing vers evil-campus[.]org:8443 (Cobalt Strike ?)", ["evil-campus.org"]),
    ("calls tcp://203.0.113.9:7777 at night", ["203.0.113.9"]),
    ("203.0.113.9:9001->198.51.100.7:22 ESTABLISHED", ["203.0.113.9", "198.51.100.7"]),
    ("203.0.113.9 - 198.51.100.7", ["203.0.113.9", "198.51.100.7"]),
    ("2001:db8::1, 2001:db8::2 and IPv6:2001:db8::3", ["2001:db8::1", "2001:db8::2", "2001:db8::3"]),
    ("(see hxxp://evil-campus[.]org/a_(b).html).", ["http://evil-campus.org/a_(b).html"]),
    ("« hxxps://evil-campus[.]org/page » à bloquer", ["https://evil-campus.org/page"]),
    ("[link](https://evil-campus.org/a) and more", ["https://evil-campus.org/a"]),
    ("https://evil-campus.org/a[Label] in a document", ["https://evil-campus.org/a"]),
    ("https://evil-campus.org/a[Label that goes on\nand ends here] in a document", ["https://evil-campus.org/a"]),
    ("https://evil-campus.org/a[b - phishing", ["https://evil-campus.org/a[b"]),
    ("hxxp://panel[.]bit/r/z.php", ["http://panel.bit/r/z.php"]),
    ("f('http://evil-campus.org/a.ps1')", ["http://evil-campus.org/a.ps1"]),
    ('{"url":"http://evil-campus.org/a","ip":"203.0.113.9"}', ["http://evil-campus.org/a", "203.0.113.9"]),
    ("hxxps://evil-campus[.]org/cas/;phishing", ["https://evil-campus.org/cas/"]),
    ("http://evil-campus.org/a;jsessionid=1?b", ["http://evil-campus.org/a;jsessionid=1?b"]),
    ("http://evil-campus.org/a,2024-10-03,x", ["http://evil-campus.org/a"]),
    ("http://evil-campus.org/?a=1&amp;b=2", ["http://evil-campus.org/?a=1&amp;b=2"]),
    ("QR -> https://evil-campus.org/?e=bob@univ.fr", ["https://evil-campus.org/?e=bob@univ.fr"]),
    ('Expéditeur : "SI" <helpdesk@evil-campus.org>', ["helpdesk@evil-campus.org"]),
    ("l'adresse d'helpdesk@evil-campus.org", ["helpdesk@evil-campus.org"]),
    ("mailfrom=helpdesk@evil-campus.org; dkim=pass", ["helpdesk@evil-campus.org"]),
    ("dkim=pass header.d=evil-campus.org", ["evil-campus.org"]),
    ("mail du 3/4 : bob {at} evil-campus[.]org à bloquer", ["bob@evil-campus.org"]),
    ("rsync -a root@203.0.113.9:/x .", ["203.0.113.9"]),
    ("md5:900150983cd24fb0d6963f7d28e17f72,x", ["900150983cd24fb0d6963f7d28e17f72"]),
    ("900150983cd24fb0d6963f7d28e17f72.exe", ["900150983cd24fb0d6963f7d28e17f72"]),
    ("900150983cd24fb0d6963f7d28e17f72.xyz is a name", ["900150983cd24fb0d6963f7d28e17f72.xyz"]),
    (
        "http://evil-campus.org/900150983cd24fb0d6963f7d28e17f72",
        ["http://evil-campus.org/900150983cd24fb0d6963f7d28e17f72"],
    ),
    ("domaine раураl[.]com à bloquer", ["xn--l-7sba6dbr.com"]),
    ("*.evil-campus.org et www.evil-campus.md", ["evil-campus.org", "www.evil-campus.md"]),
    ("203.0.113.0/24 bloqué, AS64500.", ["203.0.113.0/24", "AS64500"]),
    ("hébergé chez AS 64501 (EVIL-NET), ASN : 64502 et asn:64503", ["AS64501", "AS64502", "AS64503"]),
    ('"203.0.113.9","LT","AS64500"', ["203.0.113.9", "AS64500"]),
    (
        "exploite CVE\u20112019\u20110708 et CVE\u20132021\u201344228/cve-2019-0709",
        ["CVE-2019-0708", "CVE-2021-44228", "CVE-2019-0709"],
    ),
    ("https://evil-campus.org/CVE-2019-0708/AS64500", ["https://evil-campus.org/CVE-2019-0708/AS64500"]),
    ("cve-2019-0708.evil-campus.org", ["cve-2019-0708.evil-campus.org"]),
    (f"sha512={'ab' * 64},x", ["ab" * 64]),
    ("filename: Facture.PDF.exe, then it runs", ["Facture.PDF.exe"]),
    ('{"filename":"Mon fichier.exe","size":3}', ["Mon fichier.exe"]),
    (r"Nom du fichier : C:\Users\bob\.x\evil.zip.", [r"C:\Users\bob\.x\evil.zip"]),
]

TRAPS = [
    "Run setup.com or report.py, then open README.md and index.html",
    "System.IO.File and Trojan.Win32.Agent.gen were found in the end.In fact.It works.",
    "Firefox/115.0.2.1 on version 2.4.10.1, OID 2.5.29.37",
    "at 12:34:56 or 10:00::30, ratio 16::9, mac 00:1A:2B:3C:4D:5E",
    "1.2.3.4.5 and x203.0.113.9y and 1.2.3",
    "salle B.12 à 10.30, M.Dupont, art.L.123-4 du C.trav.",
    "twitter @evil.group, npm @angular/core@17.0.1",
    "0x9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08deadbeef is no sha256",
    "System.out(x), smtp.from=1, self.id",
    "tu as 300 alertes, ils as 64500, AS2, AS400 et un AS/400, BAS64500, AS64500-GW, as64500x",
    "CVE-2019-XXXX, CVE-2019-123, xCVE-2019-0708, Exploit.CVE-2019-0708.Gen",
    "evil.exe, C:\\Temp\\evil.dll, filename: half of a name.exe, Content-Disposition: filename=logo.png",
]


@pytest.mark.parametrize(("sentence", "expected"), SENTENCES)
def test_prose_yields_its_values_and_nothing_inside_another(sentence: str, expected: list[str]) -> None:
    assert values(f"Nous avons vu ceci hier soir : {sentence}") == expected


@pytest.mark.parametrize("sentence", TRAPS)
def test_prose_yields_nothing_that_only_looks_like_a_value(sentence: str) -> None:
    reading = read(f"We have looked into this today: {sentence}")
    assert reading.candidates == ()
    assert reading.lines_without_indicator == (1,)


def test_each_line_of_a_list_is_an_item_and_tells_why_it_is_none() -> None:
    reading = read(
        "203.0.113.9 scan\nevil-campus[.]org;phishing\n2024-01-02 198.51.100.7\nnot an ioc\n\n198.51.100.7/33\n"
        "900150983cd24fb0d6963f7d28e17f7\n999.1.1.1\nevil.notatld\nvu sur le VPN depuis hier soir\nreport.py\nx\x00y"
    )
    assert reading.one_per_line
    assert told(reading) == [
        (1, "ipv4", "203.0.113.9"),
        (2, "domain", "evil-campus.org"),
        (3, "ipv4", "198.51.100.7"),
        (4, "refused", "no_indicator"),
        (6, "refused", "bad_prefix_length"),
        (7, "refused", "hash_length"),
        (8, "refused", "octet_too_large"),
        (9, "refused", "unknown_tld"),
        (10, "refused", "no_indicator"),
        (11, "refused", "file_name"),
        (12, "refused", "nul_character"),
    ]


def test_comments_rulers_and_headings_of_a_list_are_no_items() -> None:
    reading = read(
        "IOC;type\n# a comment about evil.org\n// another\n-----\nevil-campus.org  # see other-campus.org\n203.0.113.9"
    )
    assert told(reading) == [(5, "domain", "evil-campus.org"), (6, "ipv4", "203.0.113.9")]
    assert reading.lines_without_indicator == (1, 2, 3, 4)


def test_lines_of_a_message_without_a_value_are_no_items() -> None:
    reading = read("Bonjour,\n\nvoici les IP\n203.0.113.9\n198.51.100[.]7\nCordialement,\nJean")
    assert not reading.one_per_line
    assert [candidate.line for candidate in reading.candidates] == [4, 5]
    assert reading.lines_without_indicator == (1, 3, 6, 7)


def test_prose_tells_of_what_was_surely_meant_as_a_value() -> None:
    reading = read(
        "Le serveur evil[.]notatld et http://intranet/x et a@evil.notatld et report.py et 203.0.113.9/64 hier"
    )
    assert told(reading) == [
        (1, "refused", "unknown_tld"),
        (1, "refused", "single_label"),
        (1, "refused", "unknown_tld"),
        (1, "refused", "bad_prefix_length"),
    ]


def test_among_names_a_file_suffix_is_a_name() -> None:
    assert values("evil-campus.org\nother-campus.org\nevil-campus.sh") == [
        "evil-campus.org",
        "other-campus.org",
        "evil-campus.sh",
    ]
    assert values("evil-campus.sh") == []


def test_systems_and_vulnerabilities_make_a_list_like_other_values() -> None:
    reading = read("ASN\nAS64500\nCVE-2019-0708\nAS64501 Evil Net\nAS4294967296\nCVE-1998-0001\nfilename: evil.exe")
    assert reading.one_per_line
    assert told(reading) == [
        (2, "asn", "AS64500"),
        (3, "cve", "CVE-2019-0708"),
        (4, "asn", "AS64501"),
        (5, "refused", "asn_too_large"),
        (6, "refused", "cve_year"),
        (7, "filename", "evil.exe"),
    ]


def test_a_repeated_value_is_two_items() -> None:
    assert values("evil-campus.org\nEVIL-CAMPUS[.]org") == ["evil-campus.org", "evil-campus.org"]


def test_the_sinks_of_a_hosts_file_are_no_items() -> None:
    assert told(read("0.0.0.0 a.evil-campus.org\n127.0.0.1 b.evil-campus.org\n")) == [
        (1, "domain", "a.evil-campus.org"),
        (2, "domain", "b.evil-campus.org"),
    ]


def test_a_value_is_shown_as_it_was_typed() -> None:
    (candidate,) = read("vu hxxps[://]evil\u2011campus(dot)org/a hier").candidates
    assert candidate.raw == "hxxps[://]evil\u2011campus(dot)org/a"


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_lines_are_counted_whatever_ends_them(newline: str) -> None:
    assert [candidate.line for candidate in read(newline.join(["a.org", "", "b.org"])).candidates] == [1, 3]


def test_bytes_of_french_tables_are_read() -> None:
    assert decoded("évil.fr".encode("cp1252")) == "évil.fr"
    assert decoded("évil.fr".encode("utf-8-sig")) == "évil.fr"
    assert decoded("évil.fr".encode("utf-16")) == "évil.fr"


def test_the_reader_is_registered_for_plain_text() -> None:
    assert "text/plain" in readers["free-text"].media_types
    assert readers["free-text"].read("evil-campus.org") == read("evil-campus.org")


@settings(max_examples=200)
@given(st.text(st.characters(), max_size=300))
def test_no_text_makes_it_fail_and_every_line_is_accounted_for(text: str) -> None:
    check(text)


_PIECES = [
    *["203.0.113.9", "evil.org", "hxxp://", "[.]", "bob@", "@", ":", "/", "|", ";", ",", "\n", "\r\n", " ", "x", "="],
    *[
        "login:",
        "pass:",
        "user",
        "mot de passe;login",
        "#",
        "é",
        "\x00",
        "\ud800",
        "\u200b",
        "'",
        '"',
        "-",
        "[",
        "(",
        "]",
    ],
]


@settings(max_examples=200)
@given(st.lists(st.sampled_from(_PIECES)).map("".join))
def test_no_mixture_of_values_and_signs_makes_it_fail(text: str) -> None:
    check(text)


def check(text: str) -> None:
    reading = read(text)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    accounted = {candidate.line for candidate in reading.candidates} | set(reading.lines_without_indicator)
    assert accounted == {number for number, line in enumerate(lines, start=1) if line.strip()}
    assert [candidate.line for candidate in reading.candidates] == sorted(item.line for item in reading.candidates)
    for candidate in reading.candidates:
        assert (candidate.canonical is None) != (candidate.refusal is None)
        assert len(candidate.raw) <= RAW_LENGTH
        assert "\x00" not in candidate.raw
        candidate.raw.encode()


_HOSTILE = [
    *[
        "a.",
        "1.",
        "http://",
        "@",
        "a1",
        "[",
        "a@",
        "0:",
        "a-",
        "1.1.1.1/",
        "a+",
        "pass:",
        "u:p@h ",
        "https://a:b:",
        "é.",
    ],
    *["AS", "AS1 ", "asn : ", "CVE-", "CVE-2019-1", "filename: a ", "filename:a", 'filename:"', "nom de "],
    *["b--a.", "b----a.", "fin.Le ", "9.1.1.1 ", "C:\\a\\", "::", "x.py ", "12:34:56 ", "http://a.b/c,http://"],
    *["*.", "http://a/;", "http://a(", "(http://a)", "'http://a'", "http://a[", "a|b", "a\n", "login;pass\n"],
]


_SMALL = 16_000
_LARGE = 8 * _SMALL
_TRIES = 5


@pytest.fixture
def no_collection() -> Iterator[None]:
    """Without garbage collection, whose cost grows with everything that the whole test run holds."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def seconds(text: str) -> float:
    """Processor time of reading a text."""
    started = time.process_time()
    read(text)
    return time.process_time() - started


@pytest.mark.usefixtures("no_collection")
@pytest.mark.parametrize("piece", _HOSTILE)
def test_hostile_text_takes_linear_time(piece: str) -> None:
    read("evil.org")  # the public suffix list is loaded once
    small, large = (piece * (size // len(piece)) for size in (_SMALL, _LARGE))
    # Linear work takes 8 times as long for 8 times the text, quadratic work 64 times; 22 lies as far from both. A text
    # that is read at once is no longer than the clock's noise: it counts as 10 ms, which no quadratic work hides in.
    limit = 22 * max(min(seconds(small) for _ in range(_TRIES)), 0.01)
    # Whatever else runs here only ever adds time, so one good try of five is the truth.
    assert any(seconds(large) < limit for _ in range(_TRIES))
