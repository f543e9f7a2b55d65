"""A collection of a TAXII 2.1 server: our own, served over HTTP."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from ingestion.submissions.models import Submission
from ingestion.subscriptions import asking, running, taxii
from ingestion.subscriptions.asking import Access
from ingestion.subscriptions.models import Subscription
from ingestion.subscriptions.paging import Wish
from ingestion.subscriptions.running import pull
from iocmarket.accounts.models import Institution, Member
from iocmarket.accounts.roles import Scope
from iocmarket.indicators.models import Contribution
from iocmarket.kernel import clock
from iocmarket.kernel.marking import TLP
from tests.factories import Reader, contribute, make_institution, make_token, publish
from tests.ingestion.subscriptions.conftest import subscribe, turn_of
from tests.sharing.taxii.machine import Machine


@pytest.fixture
def author(transactional_db: None) -> Institution:
    """Another institution, which shares."""
    return make_institution("Université d'ailleurs")


@pytest.fixture
def source(author: Institution, manager: Member, live_server: LiveServer, settings: Settings) -> Subscription:
    """Of the manager's institution, to the collection of the community."""
    settings.OUTBOUND_ALLOWED = [live_server.url.partition("//")[2]]
    contribute(author, "45.8.0.1", tlp=TLP.GREEN)
    contribute(author, "45.8.0.2", tlp=TLP.AMBER)
    publish()
    assert manager.institution is not None
    secret = make_token(manager.institution, scopes=[Scope.INDICATORS_READ])
    path = Machine(Reader(manager.institution, secret)).collection()
    return subscribe(manager, f"{live_server.url}/taxii2/api/{path}", "taxii", secret=secret)


def own(manager: Member) -> dict[str, tuple[str, str]]:
    """What the manager's institution says now."""
    rows = Contribution.unscoped.filter(institution=manager.institution).select_related("indicator")
    return {row.indicator.value: (TLP(row.tlp).label, row.audience) for row in rows}


def test_a_collection_is_fetched_and_then_only_what_is_new(
    source: Subscription, author: Institution, manager: Member
) -> None:
    turn = turn_of(source)
    assert (turn.error, turn.accepted, turn.refused, turn.unread, turn.more) == ("", 2, 0, 0, False)
    assert own(manager) == {"45.8.0.1": ("GREEN", "community"), "45.8.0.2": ("AMBER", "own")}
    again = turn_of(source)
    assert (again.received, Submission.objects.count()) == (0, 1)
    contribute(author, "45.8.0.3", tlp=TLP.GREEN)
    publish()
    # Its own statement on the first value made a new version of that one, too.
    third = turn_of(source)
    assert third.accepted == 1
    assert "45.8.0.3" in own(manager)


@pytest.mark.parametrize("after", range(1, 5))
def test_killed_between_pages_it_goes_on_where_it_was(
    after: int, source: Subscription, author: Institution, manager: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taxii, "LIMIT", 2)
    for number in range(3, 8):
        contribute(author, f"45.8.0.{number}", tlp=TLP.GREEN)
    publish()
    stored, calls = running._stored, 0

    def killed(*said: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == after:
            raise SystemExit
        stored(*said)

    with monkeypatch.context() as there:
        there.setattr(running, "_stored", killed)
        with pytest.raises(SystemExit):
            pull(source.pk)
    turn_of(source)
    assert set(own(manager)) == {f"45.8.0.{number}" for number in range(1, 8)}
    turns = source.turns.order_by("pk")
    assert [turn.error for turn in turns] == ["cut_off", ""]
    assert (sum(turn.accepted for turn in turns), sum(turn.refreshed for turn in turns)) == (7, 0)


def test_a_token_of_a_page_that_ran_out_begins_the_pass_again(
    source: Subscription, manager: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    Subscription.objects.filter(pk=source.pk).update(cursor={"next": "of-yesterday", "last": "2026-01-01T00:00:00Z"})
    assert turn_of(source).accepted == 2
    assert set(own(manager)) == {"45.8.0.1", "45.8.0.2"}


def test_types_are_filtered_and_markings_come_along(source: Subscription, manager: Member) -> None:
    Subscription.objects.filter(pk=source.pk).update(types=["indicator"])
    assert turn_of(source).accepted == 2
    assert own(manager)["45.8.0.2"] == ("AMBER", "own")


def test_only_from_a_day_on(source: Subscription, manager: Member) -> None:
    Subscription.objects.filter(pk=source.pk).update(since=clock.now() + timedelta(days=1))
    assert turn_of(source).received == 0


def test_a_token_that_is_revoked_stops_it(source: Subscription, manager: Member) -> None:
    Subscription.objects.filter(pk=source.pk).update(secret="")
    assert turn_of(source).error == "credential_refused"
    assert source.state == "stopped"


def test_an_object_that_cannot_be_read_keeps_no_other_out(
    source: Subscription, manager: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    get = asking.get

    def with_a_red_report(*said: Any) -> Any:
        found, answer = get(*said)
        if isinstance(found.get("objects"), list):
            report = {
                "type": "report", "id": "report--5e57c739-391a-4eb3-b6be-7d15ca92d5ed", "name": "Rouge",
                "labels": ["TLP:RED"], "object_refs": [],
            }  # fmt: skip
            found["objects"].append(report)
        return found, answer

    monkeypatch.setattr(taxii, "get", with_a_red_report)
    turn = turn_of(source)
    assert (turn.accepted, turn.unread, turn.reasons) == (2, 1, {"red_names_persons": 1})


def test_definitions_that_stand_on_another_page_are_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "marking-definition--11111111-1111-4111-8111-111111111111"
    definition = {"type": "marking-definition", "id": name, "name": "TLP:GREEN"}
    asked: list[str] = []

    def get(url: str, *_said: Any) -> Any:
        asked.append(url)
        return {"objects": [definition]}, None

    monkeypatch.setattr(taxii, "get", get)
    wish = Wish(Access("https://taxii.example.org/c/1/"))
    unit = taxii._unit(wish, [{"type": "indicator", "id": "indicator--1", "object_marking_refs": [name, name]}])
    assert definition in unit.document["objects"]
    assert asked == [f"https://taxii.example.org/c/1/objects/{name}/"]
