"""The record by which a name is proven, asked of a real DNS server."""

from __future__ import annotations

import socket
import time

import pytest
from pytest_django import Settings

from iocmarket.accounts import asset_dns
from iocmarket.accounts.asset_dns import Answer, look_for
from iocmarket.settings.env import Env
from tests.iocmarket.accounts.names import Names

PLACE = "_iocmarket-challenge.univ.fr"


def test_the_challenge_is_found_at_its_place(names: Names) -> None:
    names.txt[PLACE] = ["v=spf1 -all", "secret-of-valbrune"]
    assert look_for("secret-of-valbrune", name="univ.fr") is Answer.FOUND
    assert names.asked == [PLACE]


def test_a_record_in_pieces_is_one_text(names: Names) -> None:
    names.txt[PLACE] = ["secret-of|-valbrune"]
    assert look_for("secret-of-valbrune", name="univ.fr") is Answer.FOUND


def test_an_alias_is_followed(names: Names) -> None:
    names.alias[PLACE] = "proofs.example.net"
    names.txt["proofs.example.net"] = ["secret"]
    assert look_for("secret", name="univ.fr") is Answer.FOUND


@pytest.mark.parametrize("texts", [["secret-of-somebody-else"], ["SECRET"], ["secret and more"], [""]])
def test_another_text_proves_nothing(names: Names, texts: list[str]) -> None:
    names.txt[PLACE] = texts
    assert look_for("secret", name="univ.fr") is Answer.ABSENT


def test_no_challenge_is_proven_by_nothing(names: Names) -> None:
    names.txt[PLACE] = [""]
    assert look_for("", name="univ.fr") is Answer.ABSENT


def test_a_name_that_is_not_there_and_one_without_a_record_are_absent(names: Names) -> None:
    assert look_for("secret", name="univ.fr") is Answer.ABSENT
    names.empty.add(PLACE)
    assert look_for("secret", name="univ.fr") is Answer.ABSENT


def test_a_resolver_in_trouble_says_nothing(names: Names) -> None:
    names.txt[PLACE], names.fails = ["secret"], True
    assert look_for("secret", name="univ.fr") is Answer.SILENT


def test_a_resolver_that_does_not_answer_costs_its_time_and_no_more(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asset_dns, "SECONDS", 0.3)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mute:
        mute.bind(("127.0.0.1", 0))
        settings.DNS_RESOLVERS = [mute.getsockname()]
        began = time.monotonic()
        assert look_for("secret", name="univ.fr") is Answer.SILENT
        assert time.monotonic() - began < 3


@pytest.mark.parametrize(
    ("told", "read"),
    [
        ("", ()),
        ("192.0.2.53", (("192.0.2.53", 53),)),
        ("127.0.0.1:5353, 2001:db8::53", (("127.0.0.1", 5353), ("2001:db8::53", 53))),
        ("[::1]:5353", (("::1", 5353),)),
    ],
)
def test_the_operator_names_the_resolvers(told: str, read: tuple[tuple[str, int], ...]) -> None:
    assert Env.read({"DNS_RESOLVERS": told}).dns_resolvers == read


@pytest.mark.parametrize("told", ["resolver.univ.fr", "127.0.0.1:99999", "127.0.0.1:x"])
def test_a_resolver_is_named_by_address(told: str) -> None:
    with pytest.raises(Exception, match="DNS_RESOLVERS"):
        Env.read({"DNS_RESOLVERS": told})
