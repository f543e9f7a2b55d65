"""The client's address: what is believed, from whom, and what a forged header achieves."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import RequestFactory, override_settings
from hypothesis import given
from hypothesis import strategies as st

from iocmarket.settings.env import Env
from iocmarket.web.client import client_address

PROXIES = ("127.0.0.1", "::1", "10.0.0.0/8", "unix")


def address_of(peer: str, forwarded: str | None = None, proxies: tuple[str, ...] = PROXIES) -> str:
    extra: dict[str, Any] = {} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded}
    with override_settings(TRUSTED_PROXIES=proxies):
        return client_address(RequestFactory().get("/", REMOTE_ADDR=peer, **extra))


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("192.0.2.7", None, "192.0.2.7"),
        ("127.0.0.1", None, "127.0.0.1"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "192.0.2.7", "192.0.2.7"),
        ("::1", "2001:DB8::0:7", "2001:db8::7"),
        ("10.1.2.3", "198.51.100.1, 192.0.2.7", "192.0.2.7"),
        ("10.1.2.3", "192.0.2.7, 10.9.9.9", "192.0.2.7"),
        ("10.1.2.3", "10.0.0.5, 10.9.9.9", "10.0.0.5"),
        ("127.0.0.1", "192.0.2.7:50123", "192.0.2.7"),
        ("127.0.0.1", "[2001:db8::7]:443", "2001:db8::7"),
        ("127.0.0.1", "::ffff:192.0.2.7", "192.0.2.7"),
        ("::ffff:10.1.2.3", "192.0.2.7", "192.0.2.7"),
        ("", "192.0.2.7", "192.0.2.7"),
        ("", None, ""),
    ],
)
def test_the_client_is_the_first_address_that_no_trusted_proxy_has(peer: str, forwarded: str, client: str) -> None:
    assert address_of(peer, forwarded) == client


@pytest.mark.parametrize("forwarded", ["127.0.0.1", "10.0.0.1", "unknown", "192.0.2.1, 192.0.2.2"])
def test_a_stranger_cannot_say_who_it_is(forwarded: str) -> None:
    assert address_of("203.0.113.9", forwarded) == "203.0.113.9"


def test_what_the_client_put_before_the_proxys_word_is_not_believed() -> None:
    assert address_of("127.0.0.1", "127.0.0.1, 1.1.1.1, 203.0.113.9") == "203.0.113.9"


@pytest.mark.parametrize("garbage", ["unknown", "_hidden", "", "999.1.1.1", "2130706433", "a:b:c", "<script>"])
def test_garbage_ends_belief_at_the_hop_before_it(garbage: str) -> None:
    assert address_of("127.0.0.1", f"192.0.2.1, {garbage}, 10.0.0.5") == "10.0.0.5"


def test_a_socket_is_believed_only_where_it_is_named() -> None:
    assert address_of("", "192.0.2.7", ("127.0.0.1",)) == ""


def test_without_a_proxy_no_header_counts() -> None:
    assert address_of("127.0.0.1", "192.0.2.7", ()) == "127.0.0.1"


@given(st.text(max_size=200).filter(lambda text: "\n" not in text and "\r" not in text))
def test_no_header_makes_a_stranger_into_somebody_else(forwarded: str) -> None:
    assert address_of("203.0.113.9", forwarded) == "203.0.113.9"


def test_the_environment_names_addresses_networks_and_sockets() -> None:
    assert Env.read({"TRUSTED_PROXIES": "10.0.0.0/8, ::1,unix"}).trusted_proxies == ("10.0.0.0/8", "::1", "unix")
    assert Env.read({"TRUSTED_PROXIES": ""}).trusted_proxies == ()
    assert Env.read({}).trusted_proxies == ("127.0.0.1", "::1", "unix")
    with pytest.raises(ImproperlyConfigured, match="TRUSTED_PROXIES"):
        Env.read({"TRUSTED_PROXIES": "proxy.example"})
