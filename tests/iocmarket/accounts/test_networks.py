"""From where a token may be used."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iocmarket.accounts.models import Institution
from iocmarket.accounts.networks import NETWORKS_MAX, admits, read_networks, split_words
from iocmarket.accounts.roles import Scope
from iocmarket.kernel.decision import Refusal
from iocmarket.web.client import read_address
from tests.factories import make_institution, make_token

addresses = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6))


def test_addresses_and_networks_are_kept_in_one_form_each_once() -> None:
    written = ["192.0.2.7", "192.0.2.9/24", "2001:DB8::1/32", "192.0.2.0/24"]
    assert read_networks(written) == ["192.0.2.7/32", "192.0.2.0/24", "2001:db8::/32"]


@pytest.mark.parametrize("text", ["", "univ.fr", "192.0.2.0/33", "192.0.2", "*", "192.0.2.0-192.0.2.9", "1" * 500])
def test_what_is_no_network_is_refused_and_named(text: str) -> None:
    with pytest.raises(Refusal) as refused:
        read_networks(["192.0.2.7", text])
    assert (refused.value.code, refused.value.where) == ("bad_network", text[:50])


def test_there_are_not_too_many() -> None:
    assert len(read_networks(f"10.0.{number}.0/24" for number in range(NETWORKS_MAX))) == NETWORKS_MAX
    with pytest.raises(Refusal, match="too_many_networks"):
        read_networks(f"10.0.{number}.0/24" for number in range(NETWORKS_MAX + 1))


def test_people_separate_them_as_they_like() -> None:
    assert split_words(" 192.0.2.1,\n2001:db8::/32 ;10.0.0.0/8\n\n") == ["192.0.2.1", "2001:db8::/32", "10.0.0.0/8"]


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(address=addresses, length=st.integers(0, 32), asked=addresses)
def test_a_network_admits_exactly_the_addresses_in_it(address: Any, length: int, asked: Any) -> None:
    [network] = read_networks([f"{address}/{length}"])
    assert admits([network], str(address)) is (read_address(str(address)) in ip_network(network))
    assert admits([network], str(asked)) is (read_address(str(asked)) in ip_network(network))


def test_ipv4_written_within_ipv6_is_ipv4() -> None:
    assert read_networks(["::ffff:192.0.2.0/120", "::ffff:192.0.2.7"]) == ["192.0.2.0/24", "192.0.2.7/32"]
    assert admits(["192.0.2.0/24"], "::ffff:192.0.2.9")


def test_without_networks_everybody_is_admitted_and_with_one_nobody_unknown() -> None:
    assert admits([], "")
    assert not admits(["0.0.0.0/0", "::/0"], "")
    assert admits(["192.0.2.0/24"], f"::ffff:{ip_address('192.0.2.3')}")


@pytest.fixture
def institution(db: None) -> Institution:
    return make_institution()


def status(secret: str, **where: str) -> int:
    headers = {"Authorization": f"Bearer {secret}"}
    found: int = Client().get("/api/v1/tokens", headers=headers, **from_there(where)).status_code
    return found


def from_there(where: dict[str, str]) -> dict[str, Any]:
    return {"REMOTE_ADDR": "198.51.100.1", **where}


def test_a_token_opens_from_its_networks_alone(institution: Institution) -> None:
    secret = make_token(institution, scopes=[Scope.INSTITUTION_ADMIN], networks=["192.0.2.0/24", "2001:db8::/32"])
    assert status(secret, REMOTE_ADDR="192.0.2.9") == 200
    assert status(secret, REMOTE_ADDR="2001:db8::9") == 200
    assert status(secret) == 401


def test_only_a_trusted_proxy_says_for_whom_it_speaks(institution: Institution, settings: Any) -> None:
    secret = make_token(institution, scopes=[Scope.INSTITUTION_ADMIN], networks=["192.0.2.0/24"])
    settings.TRUSTED_PROXIES = ("198.51.100.1",)
    assert status(secret, HTTP_X_FORWARDED_FOR="192.0.2.9") == 200
    assert status(secret, HTTP_X_FORWARDED_FOR="192.0.2.9, 203.0.113.5") == 401
    settings.TRUSTED_PROXIES = ()
    assert status(secret, HTTP_X_FORWARDED_FOR="192.0.2.9") == 401


def test_a_refusal_by_the_network_reads_like_every_other(institution: Institution) -> None:
    secret = make_token(institution, networks=["192.0.2.0/24"])
    there = Client().get("/feeds/csv", headers={"Authorization": secret})
    nobody = Client().get("/feeds/csv", headers={"Authorization": "x" * 40})
    assert (there.status_code, there.content, dict(there.headers)) == (401, nobody.content, dict(nobody.headers))
