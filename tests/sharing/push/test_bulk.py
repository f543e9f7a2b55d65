"""An index: documents are written and deleted by `_bulk`, and what the index says of each is read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from iocmarket.accounts.models import Institution
from iocmarket.kernel.marking import PAP, TLP
from sharing.push.models import Delivery, Hook
from tests.factories import contribute, make_institution, withdraw
from tests.sharing.push.conftest import KEY, Index, make_hook, turn

pytestmark = pytest.mark.django_db


@pytest.fixture
def hook(institution: Institution, index: Index) -> Hook:
    """That writes into the index."""
    return make_hook(institution, index.url, kind="bulk", auth="api-key", secret=KEY).hook


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    """Time passes when a test says so, and a little by itself."""
    with time_machine.travel(timezone.now(), tick=True) as travelling:
        yield travelling


def delivery_of(hook: Hook) -> Delivery:
    """Its newest."""
    return hook.deliveries.order_by("-pk")[0]


def test_the_index_holds_what_is_live_and_nothing_else(
    institution: Institution, index: Index, hook: Hook, clock: time_machine.Traveller
) -> None:
    other = make_institution()
    row = contribute(other, "45.1.1.1", tlp=TLP.GREEN, pap=PAP.RED, threat_type="c2")
    contribute(institution, "mal.example.org", type_name="domain", valid_until=timezone.now() + timedelta(hours=12))
    contribute(other, "/tmp/evil", type_name="file-path")  # the schema has no place for it
    turn()
    found = index.documents[str(row.indicator.public_id)]
    assert len(index.documents) == 2
    assert found["threat"]["indicator"]["ip"] == "45.1.1.1"
    assert found["threat"]["indicator"]["marking"]["tlp"] == "GREEN"
    assert {"tlp:green", "pap:red", "c2"} <= set(found["tags"])
    contribute(institution, "45.1.1.1", tlp=TLP.AMBER, pap=PAP.RED)
    turn()
    assert index.documents[str(row.indicator.public_id)]["threat"]["indicator"]["marking"]["tlp"] == "AMBER"
    clock.shift(timedelta(hours=13))
    turn()
    assert list(index.documents) == [str(row.indicator.public_id)], "the other one is expired"


def test_what_is_withdrawn_is_deleted(index: Index, hook: Hook) -> None:
    row = contribute(make_institution(), "45.1.1.1")
    turn()
    withdraw(row)
    turn()
    assert index.documents == {}
    assert (delivery_of(hook).removed, delivery_of(hook).refused) == (1, 0)


def test_a_document_that_is_gone_already_is_deleted_all_the_same(index: Index, hook: Hook) -> None:
    row = contribute(make_institution(), "45.1.1.1")
    turn()
    index.documents.clear()
    withdraw(row)
    turn()
    assert (delivery_of(hook).state, delivery_of(hook).refused) == ("delivered", 0)


def test_a_document_that_the_index_refuses_is_counted_and_the_others_arrive(
    institution: Institution, index: Index, hook: Hook
) -> None:
    refused = contribute(institution, "45.1.1.1").indicator
    contribute(institution, "45.1.1.2")
    index.refuses[str(refused.public_id)] = (400, "document_parsing_exception")
    turn()
    delivery = delivery_of(hook)
    assert (delivery.state, delivery.refused) == ("delivered", 1)
    assert delivery.refusals == {"document_parsing_exception": 1}, "and nothing of what the index says besides"
    assert len(index.documents) == 1
    turn()
    assert len(index.received) == 1, "what is refused for good is not tried again"


def test_an_index_without_room_is_asked_again(
    institution: Institution, index: Index, hook: Hook, clock: time_machine.Traveller
) -> None:
    row = contribute(institution, "45.1.1.1")
    index.refuses[str(row.indicator.public_id)] = (429, "es_rejected_execution_exception")
    turn()
    assert (delivery_of(hook).state, delivery_of(hook).error) == ("waiting", "target_busy")
    index.refuses.clear()
    clock.shift(timedelta(seconds=11))
    turn()
    assert len(index.documents) == 1


@pytest.mark.parametrize(
    ("auth", "login", "secret", "header"),
    [
        ("api-key", "", KEY, f"ApiKey {KEY}"),
        ("api-key", "", "id:key", "ApiKey aWQ6a2V5"),
        ("basic", "elastic", "p4ss", "Basic ZWxhc3RpYzpwNHNz"),
        ("none", "", None, None),
    ],
    ids=["encoded", "pair", "basic", "none"],
)
def test_the_index_knows_us_by_the_credential(
    institution: Institution, index: Index, auth: str, login: str, secret: str | None, header: str | None
) -> None:
    hook = make_hook(institution, index.url, kind="bulk", auth=auth, login=login, secret=secret).hook
    contribute(institution, "45.1.1.1")
    turn()
    assert index.received[0].headers.get("authorization") == header
    if header != f"ApiKey {KEY}":
        assert (delivery_of(hook).state, delivery_of(hook).error) == ("waiting", "credential_refused")
    assert not secret or secret not in str(Hook.objects.values())


def test_an_answer_of_something_else_is_no_arrival(institution: Institution, index: Index, hook: Hook) -> None:
    contribute(institution, "45.1.1.1")
    index.answers = [(200, {})]
    turn()
    assert (delivery_of(hook).state, delivery_of(hook).error) == ("waiting", "not_bulk")
