"""One typed value: its type when none is named, and the reason when it is nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iocmarket.indicators.recognise import recognise, types_by_precedence
from iocmarket.kernel.decision import Refusal

UNTYPED = [
    ("203.0.113[.]9", "ipv4", "203.0.113.9"),
    ("203.0.113.9:443", "ipv4", "203.0.113.9"),
    ("203.0.113.9/32", "ipv4", "203.0.113.9"),
    ("::ffff:203.0.113.9", "ipv4", "203.0.113.9"),
    ("2001:db8::1", "ipv6", "2001:db8::1"),
    ("2001:db8::1/128", "ipv6", "2001:db8::1"),
    ("2001:db8::/32", "cidr", "2001:db8::/32"),
    ("203.0.113.0/24", "cidr", "203.0.113.0/24"),
    ("203.0.113.0-203.0.113.255", "cidr", "203.0.113.0/24"),
    ("evil-campus[.]org", "domain", "evil-campus.org"),
    ("*.evil-campus.org", "domain", "evil-campus.org"),
    ("evil-campus.org/", "domain", "evil-campus.org"),
    ('"evil-campus.org",', "domain", "evil-campus.org"),
    ("evil-campus.org/gate", "url", "http://evil-campus.org/gate"),
    ("hxxp://evil-campus.org", "url", "http://evil-campus.org/"),
    ("https://evil-campus.org/?a=bob@univ.fr", "url", "https://evil-campus.org/?a=bob@univ.fr"),
    ("http://evil-campus.org/a|b;c", "url", "http://evil-campus.org/a|b;c"),
    ("hxxp[:]//evil-campus[.]org/=cmd|calc", "url", "http://evil-campus.org/=cmd|calc"),
    ("bob[at]evil-campus.org", "email", "bob@evil-campus.org"),
    ("900150983CD24FB0D6963F7D28E17F72", "md5", "900150983cd24fb0d6963f7d28e17f72"),
    ("AB" * 64, "sha512", "ab" * 64),
    ("AS64500", "asn", "AS64500"),
    ("asn 64500", "asn", "AS64500"),
    ("cve-2019-0708", "cve", "CVE-2019-0708"),
    ("filename: evil.exe", "filename", "evil.exe"),
]

NOTHING = [
    ("", "empty"),
    ("phishing", "no_indicator"),
    ("two words", "no_indicator"),
    ("evil-campus.org and more", "no_indicator"),
    ("http://evil-campus.org/a|http://evil-campus.org/b", "no_indicator"),
    ("report.py", "file_name"),
    ("evil-campus.notatld", "unknown_tld"),
    ("203.0.113.9/33", "bad_prefix_length"),
    ("999.1.1.1", "octet_too_large"),
    ("900150983CD24FB0D6963F7D28E17F7", "hash_length"),
    ("evil\x00campus.org", "nul_character"),
    ("a" * 5000, "too_long"),
    ("64500", "no_indicator"),
    ("evil.exe", "unknown_tld"),
    ("ab" * 63, "hash_length"),
]


@pytest.mark.parametrize(("text", "kind", "canonical"), UNTYPED)
def test_a_value_shows_its_type(text: str, kind: str, canonical: str) -> None:
    found = recognise(text)
    assert (found.type.name, found.canonical.value) == (kind, canonical)


@pytest.mark.parametrize(("text", "code"), NOTHING)
def test_what_is_nothing_is_refused_with_the_most_helpful_reason(text: str, code: str) -> None:
    with pytest.raises(Refusal) as caught:
        recognise(text)
    assert caught.value.code == code


def test_a_named_type_is_believed() -> None:
    assert recognise("report.py", "domain").canonical.value == "report.py"
    assert recognise("evil-campus.org", "url").canonical.value == "http://evil-campus.org/"


@pytest.mark.parametrize(
    ("text", "name", "kind"),
    [
        ("evil-campus.org", "hostname", "domain"),
        ("64500", "AS", "asn"),
        ("CVE-2019-0708", "vulnerability", "cve"),
        ("ab" * 64, "SHA-512", "sha512"),
    ],
)
def test_a_type_may_be_named_as_other_tools_name_it(text: str, name: str, kind: str) -> None:
    assert recognise(text, name).type.name == kind


@pytest.mark.parametrize(("kind", "code"), [("nonsense", "unknown_type"), ("md5", "not_hexadecimal")])
def test_a_named_type_must_exist_and_fit(kind: str, code: str) -> None:
    with pytest.raises(Refusal) as caught:
        recognise("evil-campus.org", kind)
    assert caught.value.code == code


def test_a_hash_that_lacks_a_digit_says_so() -> None:
    with pytest.raises(Refusal, match=r"MD5 has 32 \(1 missing\)"):
        recognise("900150983cd24fb0d6963f7d28e17f7")


@given(st.text(st.characters()))
def test_no_text_makes_it_fail(text: str) -> None:
    try:
        found = recognise(text)
    except Refusal:
        return
    assert found.type in types_by_precedence()
    assert found.type.normalise(found.canonical.value, explicit=True).value == found.canonical.value
