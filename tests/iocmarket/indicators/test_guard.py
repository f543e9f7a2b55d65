"""The blocking guard: what never enters a feed that blocks (domain.md, Blocking guard)."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iocmarket.indicators.guard import REASONS, Assets, guard, subject_of
from iocmarket.indicators.subjects import Intervals, Span, span_of

ASSETS = Assets(
    domains=frozenset({"univ-valbrune.fr", "dept.campus-meriane.org"}),
    networks=(ipaddress.ip_network("45.80.0.0/20"), ipaddress.ip_network("2a0c:e640::/32")),
)


def reason(type_name: str, value: str, *, subtree: bool = False, assets: Assets = ASSETS) -> str:
    return guard(subject_of(type_name, value, subtree=subtree), assets).reason


@pytest.mark.parametrize(
    ("type_name", "value", "expected"),
    [
        ("ipv4", "10.1.2.3", "private_address"),
        ("ipv4", "172.16.0.1", "private_address"),
        ("ipv4", "172.31.255.255", "private_address"),
        ("ipv4", "192.168.1.1", "private_address"),
        ("ipv6", "fd00::1", "private_address"),
        ("ipv4", "100.64.0.1", "shared_address"),
        ("ipv4", "127.0.0.1", "loopback_address"),
        ("ipv6", "::1", "loopback_address"),
        ("ipv4", "0.0.0.0", "unspecified_address"),
        ("ipv6", "::", "unspecified_address"),
        ("ipv4", "169.254.169.254", "link_local_address"),
        ("ipv6", "fe80::1", "link_local_address"),
        ("ipv4", "224.0.0.251", "multicast_address"),
        ("ipv6", "ff02::fb", "multicast_address"),
        ("ipv4", "192.0.2.1", "documentation_address"),
        ("ipv4", "198.51.100.255", "documentation_address"),
        ("ipv4", "203.0.113.7", "documentation_address"),
        ("ipv6", "2001:db8:cafe::15", "documentation_address"),
        ("ipv6", "3fff::1", "documentation_address"),
        ("ipv4", "255.255.255.255", "reserved_address"),
        ("ipv6", "::ffff:8.8.4.4", "reserved_address"),
        ("cidr", "172.16.0.0/16", "private_address"),
        ("cidr", "198.18.128.0/17", "reserved_address"),
        ("url", "http://192.168.1.1/setup", "private_address"),
    ],
)
def test_an_address_that_no_resolver_or_firewall_should_ever_block_is_kept_out(
    type_name: str, value: str, expected: str
) -> None:
    assert reason(type_name, value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("45.0.0.0/16", "allowed"),
        ("46.0.0.0/15", "too_wide"),
        ("2a05::/32", "allowed"),
        ("2a05::/31", "too_wide"),
        ("0.0.0.0/0", "too_wide"),
        ("::/0", "too_wide"),
    ],
)
def test_a_network_may_be_blocked_up_to_a_width(value: str, expected: str) -> None:
    assert reason("cidr", value) == expected


@pytest.mark.parametrize(
    ("type_name", "value", "expected"),
    [
        ("domain", "univ-valbrune.fr", "asset"),
        ("domain", "cas.univ-valbrune.fr", "asset"),
        ("domain", "xuniv-valbrune.fr", "allowed"),
        ("domain", "univ-valbrune.fr.evil-cas.top", "allowed"),
        ("url", "https://webmail.univ-valbrune.fr/x", "asset"),
        ("email", "j.martin@univ-valbrune.fr", "asset"),
        ("ipv4", "45.80.15.255", "asset"),
        ("ipv4", "45.80.16.0", "allowed"),
        ("cidr", "45.80.0.0/16", "asset"),
        ("cidr", "45.80.15.128/25", "asset"),
        ("ipv6", "2a0c:e640::25", "asset"),
        ("url", "http://45.80.1.1/x", "asset"),
    ],
)
def test_what_a_member_owns_is_never_blocked(type_name: str, value: str, expected: str) -> None:
    assert reason(type_name, value) == expected


def test_a_name_above_a_members_domain_is_kept_out_only_when_its_sub_names_are_meant() -> None:
    assert reason("domain", "campus-meriane.org", subtree=True) == "covers_asset"
    assert reason("domain", "campus-meriane.org", subtree=False) == "allowed"


def test_a_name_under_which_anybody_may_register_is_kept_out_but_not_the_names_under_it() -> None:
    assert reason("domain", "github.io") == "public_suffix"
    assert reason("domain", "evil-cas.github.io") == "allowed"
    assert reason("url", "https://evil-cas.github.io/login") == "allowed"


def test_values_without_a_place_on_the_network_are_not_the_guards_business() -> None:
    assert reason("sha256", "ab" * 32) == "allowed"


def test_every_reason_has_its_sentence() -> None:
    codes = {"private_address", "asset", "covers_asset", "public_suffix", "too_wide"}
    assert codes <= set(REASONS)
    assert all(str(sentence) for sentence in REASONS.values())


networks4 = st.builds(
    lambda number, length: ipaddress.ip_network((number, length), strict=False),
    st.integers(0, 2**32 - 1),
    st.integers(0, 32),
)


@given(st.lists(networks4, max_size=12), networks4)
def test_intervals_answer_as_a_search_through_all_networks_would(
    listed: list[ipaddress.IPv4Network], asked: ipaddress.IPv4Network
) -> None:
    found = Intervals((network, "x") for network in listed).overlapping(span_of(str(asked)))
    assert (found is not None) == any(network.overlaps(asked) for network in listed)


networks6 = st.builds(
    lambda number, length: ipaddress.ip_network((number, length), strict=False),
    st.integers(0, 2**128 - 1),
    st.integers(0, 128),
)


@given(st.one_of(networks4, networks6))
def test_the_numbers_of_a_network_are_those_that_python_finds(network: ipaddress.IPv4Network) -> None:
    first, last = int(network.network_address), int(network.broadcast_address)
    assert span_of(str(network)) == Span(network.version, first, last, network.prefixlen)
    alone = span_of(str(network.network_address))
    assert alone == Span(network.version, first, first, network.max_prefixlen)


@given(st.text(alphabet="0123456789abcdef.:/% x\x00é", max_size=24))
def test_what_is_no_network_to_python_is_none_here(text: str) -> None:
    try:
        expected = ipaddress.ip_network(text, strict=False)
    except ValueError:
        with pytest.raises(ValueError):
            span_of(text)
    else:
        if "%" not in text and "." not in text.partition("/")[2]:  # nobody writes zones or masks canonically
            assert span_of(text).first == int(expected.network_address)


@given(st.integers(0, 2**32 - 1))
def test_nothing_that_python_calls_private_is_ever_allowed(number: int) -> None:
    address = ipaddress.IPv4Address(number)
    decision = reason("ipv4", str(address), assets=Assets())
    if address.is_private or address.is_multicast or address.is_reserved or address.is_loopback:
        assert decision != "allowed"


def test_an_autonomous_system_of_a_member_is_never_blocked() -> None:
    assets = Assets(asns=frozenset({"AS64496"}))
    assert guard(subject_of("asn", "AS64496", subtree=False), assets).reason == "asset"
    assert guard(subject_of("asn", "AS64497", subtree=False), assets)
