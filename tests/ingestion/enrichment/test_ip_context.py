"""Addresses, networks and literal hosts are enriched; names never are."""

from __future__ import annotations

import pytest

from ingestion.enrichment.enrichers.base import enrichers

GERMAN = {"country": "DE", "range": "185.220.100.0/23"}


@pytest.mark.parametrize(
    ("type_name", "value", "facts"),
    [
        ("ipv4", "185.220.101.45", GERMAN),
        ("ipv6", "2001:660::1", {"country": "FR", "range": "2001:660::/32"}),
        ("cidr", "185.220.101.0/28", GERMAN),
        ("url", "http://185.220.101.45:8080/maj.php", GERMAN),
        ("url", "http://[2001:660::1]/x", {"country": "FR", "range": "2001:660::/32"}),
    ],
)
def test_an_address_written_out_is_enriched(type_name: str, value: str, facts: dict[str, str]) -> None:
    assert enrichers["ip-context"].enrich(value, type_name) == facts


@pytest.mark.parametrize(
    ("type_name", "value"),
    [
        ("ipv4", "203.0.113.9"),
        ("ipv6", "2001:db8::1"),
        ("cidr", "185.0.0.0/8"),
        ("url", "https://cas-univ-valbrune-connexion.top/login"),
        ("domain", "cas-univ-valbrune-connexion.top"),
        ("no-such-type", "185.220.101.45"),
    ],
)
def test_what_the_data_do_not_know_or_must_be_resolved_stays_without_facts(type_name: str, value: str) -> None:
    assert enrichers["ip-context"].enrich(value, type_name) is None


def test_it_asks_for_what_is_an_address_or_may_name_one() -> None:
    accepted = {name for name in ("ipv4", "ipv6", "cidr", "url", "domain", "email", "sha256") if _accepts(name)}
    assert accepted == {"ipv4", "ipv6", "cidr", "url"}


def _accepts(type_name: str) -> bool:
    return enrichers["ip-context"].accepts(type_name)
