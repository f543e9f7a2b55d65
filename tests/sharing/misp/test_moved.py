"""What changes `to_ids` without any publication reaches clients who ask for what changed since their last visit."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from iocmarket.accounts.models import Asset, Institution
from iocmarket.audit.services import PLATFORM
from sharing.feeds.policies import set_policy
from sharing.feeds.policy import Policy
from sharing.misp import moved
from sharing.misp.event_stream import events_in_turn
from sharing.misp.models import Moved, MovedFor
from sharing.misp.reach import reach_of
from sharing.misp.stream import START, Span, values_in_turn
from tests.factories import Reader, contribute, make_institution, publish, viewer_for
from tests.sharing.misp.wire import Machine

BEGIN = datetime(2026, 11, 10, 9, 0, tzinfo=UTC)
ATTRIBUTES, EVENTS = "/attributes/restSearch", "/events/restSearch"


@pytest.fixture(autouse=True)
def travel(db: None) -> Iterator[Any]:
    """A clock that goes on when it is told to."""
    with time_machine.travel(BEGIN, tick=False) as clock:
        yield clock


@pytest.fixture
def polled(author: Institution, reader: Reader, machine: Machine, travel: Any) -> int:
    """Two values that a client has read; the second after its visit."""
    contribute(author, "185.9.9.1")
    contribute(author, "198.51.99.7")
    publish()
    assert {one["value"]: one["to_ids"] for one in told(machine)} == {"185.9.9.1": True, "198.51.99.7": True}
    assert moved.follow() == 0
    travel.shift(timedelta(hours=2))
    return int(timezone.now().timestamp())


def told(machine: Machine, **asked: Any) -> list[dict[str, Any]]:
    """Attributes."""
    return list(machine.found(ATTRIBUTES, asked)["Attribute"])


def own(institution: Institution) -> Asset:
    """An asset that is verified now: what lies in it is blocked by nobody."""
    return Asset.objects.create(
        institution=institution, kind="network", value="185.9.9.0/24", verified_at=timezone.now()
    )


def test_an_asset_that_is_verified_takes_back_to_ids_with_a_new_timestamp(
    polled: int, author: Institution, machine: Machine
) -> None:
    own(author)
    assert told(machine, timestamp=polled) == []  # until the next look
    assert moved.follow() == 1
    [one] = told(machine, timestamp=polled)
    assert (one["value"], one["to_ids"]) == ("185.9.9.1", False)
    assert int(one["timestamp"]) >= polled
    [event] = machine.found(EVENTS, {"timestamp": polled})
    assert int(event["Event"]["timestamp"]) >= polled
    assert {each["value"]: each["to_ids"] for each in told(machine)} == {"185.9.9.1": False, "198.51.99.7": True}


def test_what_may_be_blocked_again_comes_once_more(
    polled: int, author: Institution, machine: Machine, travel: Any
) -> None:
    asset = own(author)
    moved.follow()
    travel.shift(timedelta(hours=1))
    later = int(timezone.now().timestamp())
    asset.delete()
    assert moved.follow() == 1
    assert [(one["value"], one["to_ids"]) for one in told(machine, timestamp=later)] == [("185.9.9.1", True)]
    assert Moved.objects.count() == 1


def test_a_policy_moves_values_for_its_own_institution_alone(
    polled: int, author: Institution, reader: Reader, machine: Machine
) -> None:
    reach_of(viewer_for(author))
    moved.follow()
    set_policy(reader.institution, Policy(score_min=100), actor=PLATFORM)
    assert moved.follow() == 2
    assert {one["value"] for one in told(machine, timestamp=polled)} == {"185.9.9.1", "198.51.99.7"}
    assert {row.exit.institution_id for row in Moved.objects.select_related("exit")} == {reader.institution.pk}


def test_what_is_published_is_told_by_its_publication(
    polled: int, author: Institution, machine: Machine, travel: Any
) -> None:
    contribute(author, "203.98.1.1")
    publish()
    assert moved.follow() == 0
    own(author)
    moved.follow()
    travel.shift(timedelta(hours=1))
    later = int(timezone.now().timestamp())
    contribute(make_institution("Université des Caps"), "185.9.9.1")
    publish()
    assert moved.follow() == 0
    assert {one["value"] for one in told(machine, timestamp=later)} == {"185.9.9.1"}


def test_each_value_stands_once_and_the_moved_ones_behind_all_others(
    polled: int, author: Institution, reader: Reader
) -> None:
    own(author)
    moved.follow()
    reach = reach_of(reader.viewer)
    found = values_in_turn(reach, Span(), count=10)
    assert len({pk for _spot, pk in found}) == len(found) == 2
    first, last = (spot for spot, _pk in found)
    assert first < last
    assert last.stamp > first.stamp
    assert values_in_turn(reach, Span(), after=first, count=10) == found[1:]
    assert values_in_turn(reach, Span(), after=last, count=10) == []
    assert values_in_turn(reach, Span(until=first.stamp), after=START, count=10) == found[:1]
    assert [turn.stamp for turn in events_in_turn(reach, since=last.stamp, until=None, count=10)] == [last.stamp]


def test_an_exit_that_nobody_reads_is_followed_no_more(polled: int, travel: Any) -> None:
    travel.shift(moved.UNREAD + timedelta(days=1))
    moved.follow()
    assert not MovedFor.objects.exists()
