"""Pages of events, and what is asked for by its name: found where it stands, whatever else there is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
import time_machine

from iocmarket.accounts.circles import create_circle
from iocmarket.accounts.models import Institution
from iocmarket.accounts.roles import Scope
from iocmarket.audit.services import PLATFORM
from iocmarket.indicators.joining import join_circle
from iocmarket.kernel.marking import PAP
from sharing.misp.finding import names_in
from sharing.misp.reach import reach_of
from sharing.misp.stream import Span, values_in_turn
from tests.factories import Reader, contribute, make_institution, publish, viewer_for
from tests.sharing.misp.wire import Machine
from tests.statements import statements_of

START = datetime(2026, 11, 10, 9, 0, tzinfo=UTC)
EVENTS = "/events/restSearch"


@pytest.fixture(autouse=True)
def travel(db: None) -> Iterator[Any]:
    """A clock that goes on when it is told to."""
    with time_machine.travel(START, tick=False) as clock:
        yield clock


def share(author: Institution, clock: Any, days: int) -> None:
    """One event a day, with two attributes."""
    for _ in range(days):
        clock.shift(timedelta(days=1))
        contribute(author)
        contribute(author)
    publish()


def pages(machine: Machine, **asked: Any) -> list[dict[str, Any]]:
    """All events, page by page."""
    found: list[dict[str, Any]] = []
    page = 1
    while some := machine.found(EVENTS, {"limit": 2, "page": page, **asked}):
        found += [one["Event"] for one in some]
        page += 1
    return found


def test_pages_hold_every_event_once_and_ask_the_same(travel: Any, author: Institution, machine: Machine) -> None:
    share(author, travel, 7)
    whole = [one["Event"]["uuid"] for one in machine.found(EVENTS, {})]
    assert len(whole) == 7
    for asked in ({}, {"timestamp": str(int(START.timestamp()))}):
        found = pages(machine, **asked)
        assert sorted(event["uuid"] for event in found) == sorted(whole)
        stamps = [int(event["timestamp"]) for event in found]
        assert stamps == sorted(stamps)
        bodies = [{"limit": 2, "page": page, **asked} for page in (1, 2, 3)]
        counts = [len(statements_of(partial(machine.found, EVENTS, body))) for body in bodies]
        assert len(set(counts)) == 1, counts


def test_pages_miss_nothing_that_is_gained_or_said_elsewhere_meanwhile(
    travel: Any, author: Institution, reader: Reader, machine: Machine
) -> None:
    circle = create_circle(name="Ensemble", founder=author, actor=PLATFORM)
    contribute(author, "185.9.9.1")
    contribute(author, "185.9.9.2", audience="circle", circle=circle)
    share(author, travel, 4)
    since = str(int(START.timestamp()))
    first = [one["Event"]["uuid"] for one in machine.found(EVENTS, {"limit": 2, "page": 1, "timestamp": since})]
    travel.shift(timedelta(days=1))
    join_circle(circle, reader.institution, actor=PLATFORM)
    contribute(
        make_institution(), "185.9.9.1", pap=PAP.RED, audience="recipients", recipients=[reader.institution]
    )  # an event that was read changes by it
    publish()
    rest: list[dict[str, Any]] = []
    for page in (2, 3, 4, 5, 6):
        rest += machine.found(EVENTS, {"limit": 2, "page": page, "timestamp": since})
    told = [one["Event"] for one in rest]
    changed = [event for event in told if event["uuid"] in first]
    assert [one["to_ids"] for event in changed for one in event["Attribute"]] == [False]
    assert {one["value"] for event in told for one in event["Attribute"]} >= {"185.9.9.2", "185.9.9.1"}
    assert len({*first, *(event["uuid"] for event in told)}) == 7


def test_what_is_named_is_found_where_it_stands(
    travel: Any, author: Institution, reader: Reader, machine: Machine
) -> None:
    share(author, travel, 3)
    listed = machine.found("/attributes/restSearch", {})["Attribute"]
    one = listed[3]
    for asked in ({"uuid": one["uuid"]}, {"uuid": [one["uuid"].upper()], "eventid": one["event_id"]}):
        [found] = machine.found("/attributes/restSearch", asked)["Attribute"]
        assert found["uuid"] == one["uuid"]
    for asked in ({"eventid": one["event_id"]}, {"uuid": one["Event"]["uuid"]}):
        both = machine.found("/attributes/restSearch", asked)["Attribute"]
        assert len(both) == 2
        assert {each["event_id"] for each in both} == {one["event_id"]}
        [event] = machine.found(EVENTS, asked)
        assert event["Event"]["uuid"] == one["Event"]["uuid"]
    for asked in ({"uuid": "00000000-0000-4000-8000-000000000000"}, {"uuid": "x"}, {"eventid": "7"}):
        assert machine.found("/attributes/restSearch", asked)["Attribute"] == []
        assert machine.found(EVENTS, asked) == []
    reach = reach_of(viewer_for(reader.institution, scopes=[Scope.INDICATORS_READ]))
    span = Span(within=(names_in(reach, [one["uuid"]], attributes=True),))
    assert len(values_in_turn(reach, span, count=100)) == 1
    asking = partial(machine.found, "/attributes/restSearch", {"uuid": one["uuid"]})
    before = len(statements_of(asking))
    share(author, travel, 6)
    machine.found("/attributes/restSearch", {})
    assert len(statements_of(asking)) == before
