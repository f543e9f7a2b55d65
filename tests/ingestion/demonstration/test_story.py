"""The story is the same every time, plausible, and made of values that the types accept."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network

import pytest

from ingestion.demonstration.cast import HOUSES, PEOPLE
from ingestion.demonstration.story import Statement, Story, tell
from iocmarket.accounts.roles import Role
from iocmarket.indicators.recognise import recognise
from iocmarket.indicators.threats import ThreatType
from iocmarket.kernel.marking import PAP, TLP

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
RANGES = ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "185.220.100.0/22", "2001:db8::/32")
HARMLESS = [ip_network(text) for text in RANGES]


@pytest.fixture(scope="module")
def story() -> Story:
    return tell(NOW)


@pytest.fixture(scope="module")
def statements(story: Story) -> list[Statement]:
    return [statement for dispatch in story.dispatches for statement in dispatch.statements]


def test_it_is_told_the_same_way_every_time(story: Story) -> None:
    assert tell(NOW) == story


def test_it_has_about_five_hundred_indicators_of_nine_types(statements: list[Statement]) -> None:
    indicators = {(statement.type, statement.value) for statement in statements}
    assert 450 <= len(indicators) <= 600
    assert set(Counter(kind for kind, _ in indicators)) == {
        *("ipv4", "ipv6", "cidr", "domain", "url", "email", "md5", "sha1", "sha256"),
    }


def test_every_value_is_its_own_canonical_form(statements: list[Statement]) -> None:
    for statement in statements:
        found = recognise(statement.value, statement.type)
        assert (found.type.name, found.canonical.value) == (statement.type, statement.value)


def test_addresses_are_documentation_or_published_tor_exits(statements: list[Statement]) -> None:
    for statement in statements:
        if statement.type in {"ipv4", "ipv6", "cidr"}:
            address = ip_address(statement.value.split("/")[0])
            assert any(address in network for network in HARMLESS if network.version == address.version)


def test_everything_lies_within_the_last_sixty_days_and_some_in_the_last_one(story: Story) -> None:
    ages = [NOW - dispatch.at for dispatch in story.dispatches]
    assert max(ages) <= timedelta(days=60)
    assert timedelta(minutes=5) < min(ages) < timedelta(days=1)


def test_markings_and_audiences_are_mixed_and_never_red(statements: list[Statement]) -> None:
    tlps = {TLP.parse(statement.tlp) for statement in statements}
    assert tlps == {TLP.CLEAR, TLP.GREEN, TLP.AMBER, TLP.AMBER_STRICT}
    assert {PAP.parse(statement.pap) for statement in statements} == set(PAP)
    assert {statement.audience for statement in statements} == {"own", "community", "recipients"}


def test_recipients_are_named_exactly_where_the_audience_is_recipients(story: Story) -> None:
    names = {house.key: house.name for house in HOUSES}
    for dispatch in story.dispatches:
        for statement in dispatch.statements:
            assert bool(statement.recipients) == (statement.audience == "recipients")
            assert names[dispatch.house] not in statement.recipients


def test_some_values_are_confirmed_by_others_after_the_first(story: Story) -> None:
    first: dict[str, tuple[str, datetime]] = {}
    confirmed = 0
    for dispatch in story.dispatches:
        for statement in dispatch.statements:
            house, at = first.setdefault(statement.value, (dispatch.house, dispatch.at))
            if house != dispatch.house:
                confirmed += 1
                assert dispatch.at > at
    assert confirmed > 40


def test_nobody_confirms_what_was_not_shared_with_the_community(story: Story) -> None:
    closed = {
        (statement.value, dispatch.house)
        for dispatch in story.dispatches
        for statement in dispatch.statements
        if statement.audience != "community"
    }
    for dispatch in story.dispatches:
        for statement in dispatch.statements:
            assert not any(value == statement.value and house != dispatch.house for value, house in closed)


def test_readers_send_nothing(story: Story) -> None:
    readers = {person.email for person in PEOPLE if person.role is Role.READER}
    assert not readers & {dispatch.author for dispatch in story.dispatches}


def test_every_institution_has_each_role_and_there_is_one_administrator() -> None:
    for house in HOUSES:
        assert {person.role for person in PEOPLE if person.house == house.key} == set(Role)
    assert sum(person.administrator for person in PEOPLE) == 1


def test_threat_types_are_many_and_known(statements: list[Statement]) -> None:
    found = {statement.threat_type for statement in statements}
    assert found <= set(ThreatType.values)
    assert len(found) >= 12
