"""The short way to a canonical value says what the long way says, or nothing."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Protocol
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.values import value_of
from iocmarket.indicators.recognise import Recognised, _by_search, recognise
from iocmarket.indicators.refang import refang
from iocmarket.indicators.types.base import Canonical, IocType, Sign, cleaned, ioc_types
from iocmarket.indicators.types.suffixes import _rules, registered_under_top, suffix_list
from iocmarket.indicators.types.urls import host_of
from iocmarket.kernel.decision import Refusal
from tests.iocmarket.indicators.types.strategies import all_types, canonical_values, raw_values

every_type = pytest.mark.parametrize("kind", all_types(), ids=lambda kind: kind.name)
ALL = st.sampled_from(all_types())
# What refanging, escaping, splitting and stripping care about.
HARMFUL = [
    *".:/\\[](){}@%?#&=+-_~!$*,;'\"<> \t\n\u00a0\u200b\u3002éＡ１",
    "..", "//", "://", ":80", "/32", "/0", "/./", "/../", "%2e", "%41", "xn--", "www.", "hxxp://", "http://", "*.", "0",
    "[.]", "\x00", "\ud800", "A", ".zip", ".onion", ".example.org", ".co.uk", ".github.io", "self.", "0x", "::",
]  # fmt: skip
SCHEMES = st.sampled_from(["http", "hxxp", "hXXp", "[hxxp]", "htp"])
LABELS = st.sampled_from(
    ["www", "self", "this", "evil-cas", "a_b", "xn--vil-9oa", "-a", "a-", "a--b", "1", "co", "a" * 63]
)


@st.composite
def nearly_canonical(draw: st.DrawFn) -> str:
    """A canonical value, or a typed one, with a few characters put in, taken out or in capitals."""
    kind = draw(ALL)
    text = draw(
        st.one_of(canonical_values(kind), raw_values(kind), st.integers(0, 10**6).map(lambda n: value_of(n)[1]))
    )
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, len(text)))
        after = place + draw(st.integers(0, 2))
        text = text[:place] + draw(st.sampled_from(["", *HARMFUL, text[place:after].upper()])) + text[after:]
    return text


@st.composite
def names(draw: st.DrawFn) -> str:
    """Names around the rules of the public suffix list."""
    rule = draw(st.one_of(st.sampled_from(sorted(_rules().deeper)), st.sampled_from(sorted(_rules().tops))))
    rule = draw(
        st.sampled_from([rule, rule.rpartition(".")[2], "ck", "example.com", "invalid", "onion", "kobe.jp", "sh"])
    )
    text = ".".join([*draw(st.lists(LABELS, max_size=3)), rule])
    return draw(st.sampled_from(["{}", "https://{}/a", "bob@{}", "http://{}", "{}."])).format(text)


texts = st.one_of(nearly_canonical(), names(), st.lists(st.sampled_from(HARMFUL), max_size=8).map("".join), st.text())


def outcome(read: Reading, text: str, *, explicit: bool) -> Canonical | tuple[str, str]:
    """What a type says, or its refusal."""
    try:
        return read(text, explicit=explicit)
    except Refusal as refusal:
        return refusal.code, refusal.detail


class Reading(Protocol):
    """A type's way from what was typed to what is meant."""

    def __call__(self, raw: str, *, explicit: bool) -> Canonical: ...


def told(text: str, *, at_length: bool) -> Recognised | tuple[str, str]:
    """What is recognised, or the refusal."""
    try:
        return _by_search(text) if at_length else recognise(text)
    except Refusal as refusal:
        return refusal.code, refusal.detail


@settings(max_examples=400, deadline=None)
@given(text=texts)
def test_whoever_answers_at_once_says_what_normalising_says(text: str) -> None:
    for kind in ioc_types:
        found = kind.usual(text)
        if found is not None:
            assert cleaned(text) == text
            assert (
                found == outcome(kind.normalise, text, explicit=False) == outcome(kind.normalise, text, explicit=True)
            )


@settings(max_examples=400, deadline=None)
@given(
    text=texts, dot=st.sampled_from([".", "[.]", "(.)", " [.] ", "[dot]", "[.", "\u2024", "\u200b."]), scheme=SCHEMES
)
def test_what_is_read_is_what_is_normalised_defanged_or_not(text: str, dot: str, scheme: str) -> None:
    typed = text.replace(".", dot).replace("http", scheme)
    for kind in ioc_types:
        for explicit in (False, True):
            assert outcome(kind.read, typed, explicit=explicit) == outcome(kind.normalise, typed, explicit=explicit)


@settings(max_examples=400, deadline=None)
@given(before=st.text(st.sampled_from("aé 1.-/:[")), text=texts, after=st.text(st.sampled_from("aé 1.-/:]")))
def test_a_candidate_of_a_type_opens_as_the_type_says(before: str, text: str, after: str) -> None:
    for kind in ioc_types:
        if kind.finds is not None:
            line = refang(before + text + after)
            for match in kind.finds.finditer(line):
                assert re.compile(kind.opens).match(line, match.start()) is not None


def stands_by(sign: Sign, line: str, start: int, first: int) -> bool:
    """Whether a sign stands in the first so many characters of a match, or as far from its beginning as it may."""
    found = re.compile(sign.pattern).search(line.encode("ascii", "replace").translate(sign.table), start)
    return found is not None and found.start() - start < max(first, sign.reach + 1)


@settings(max_examples=100, deadline=None)
@given(before=st.text(st.sampled_from("aé 1.-/:[")), text=texts, after=st.text(st.sampled_from("aé 1.-/:]")))
def test_a_candidate_of_a_type_has_its_sign_where_it_is_looked_for(before: str, text: str, after: str) -> None:
    line = refang(before + text + after)
    for kind in ioc_types:
        for match in kind.finds.finditer(line) if kind.finds is not None else ():
            first = len(re.split("[ \t]", line[match.start() :], maxsplit=1)[0])
            assert any(stands_by(sign, line, match.start(), first) for sign in kind.signs)


@settings(max_examples=400, deadline=None)
@given(text=texts)
def test_a_value_is_recognised_as_by_asking_every_type(text: str) -> None:
    assert told(text, at_length=False) == told(text, at_length=True)


@every_type
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_canonical_values_of_every_type_are_recognised_as_by_asking_every_type(
    kind: IocType, data: st.DataObject
) -> None:
    text = data.draw(canonical_values(kind))
    assert told(text, at_length=False) == told(text, at_length=True)


def test_the_values_that_a_community_mostly_sends_are_answered_at_once() -> None:
    sent = [value_of(number) for number in range(1000)]
    assert all(ioc_types[name].usual(value) is not None for name, value in sent)


@settings(max_examples=300, deadline=None)
@given(name=names())
def test_what_is_registered_of_a_name_at_once_is_what_the_whole_list_says(name: str) -> None:
    labels = name.split(".")
    if len(labels) > 1 and all(labels) and "xn--" not in name:
        found = registered_under_top(name)
        if found is not None:
            assert suffix_list().privatesuffix(name) == found


@pytest.mark.parametrize(
    ("name", "found"),
    [("a.evil.fr", "evil.fr"), ("evil.co.uk", "evil.co.uk"), ("co.uk", None), ("a.b.ck", None), ("a.b", None)],
)
def test_names_that_need_the_whole_list_are_left_to_it(name: str, found: str | None) -> None:
    assert registered_under_top(name) == found


@settings(max_examples=200, deadline=None)
@given(url=canonical_values(ioc_types["url"]))
def test_the_host_of_a_url_is_what_splitting_it_says(url: str) -> None:
    host = urlsplit(url).hostname or ""
    try:
        address = str(ip_address(host))
    except ValueError:
        address = None
    kind = ioc_types["url"]
    assert host_of(url) == host
    assert (kind.dns_name(url), kind.host_address(url)) == ((None, address) if address else (host, None))
