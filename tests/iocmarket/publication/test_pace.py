"""What can wait waits for what people do, and is done all the same."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from iocmarket.publication.models import Entry, Outbox
from iocmarket.publication.outbox import announce
from iocmarket.publication.publisher import CHUNK, Pace, Turn, turn
from tests.factories import (
    contribute,
    make_institution,
    publish,
    withdraw,
)
from tests.iocmarket.publication.entries import content_of, entry_of

pytestmark = pytest.mark.django_db


def test_what_was_withdrawn_is_told_for_ninety_days_and_then_forgotten() -> None:
    author = make_institution()
    gone, kept = contribute(author), contribute(author)
    with time_machine.travel(timezone.now() - timedelta(days=200), tick=False) as clock:
        publish()
        withdraw(gone)
        publish()
        clock.shift(timedelta(days=89))
        publish()
        assert entry_of(gone).state == Entry.State.WITHDRAWN
        clock.shift(timedelta(days=2))
        assert turn().purged == 1
        assert not turn().busy
    assert not Entry.objects.filter(indicator=gone.indicator).exists()
    assert Entry.objects.filter(indicator=kept.indicator).exists()
    again = contribute(author, gone.indicator.value)
    publish()
    assert entry_of(again).state == Entry.State.LIVE


def test_the_purge_takes_no_more_than_a_chunk_in_a_turn() -> None:
    author = make_institution()
    said = [contribute(author) for _ in range(5)]
    with time_machine.travel(timezone.now() - timedelta(days=100), tick=False):
        publish()
        for one in said:
            withdraw(one)
        publish()
    purged = []
    while (done := turn(chunk=2)).busy:
        purged.append(done.purged)
    assert purged == [2, 2, 1]


@given(seconds_each=st.floats(1e-5, 1e-2), faster=st.floats(0.1, 10))
def test_what_can_wait_takes_a_quarter_of_a_second_whatever_an_entry_costs(seconds_each: float, faster: float) -> None:
    pace = Pace()
    for each in [seconds_each] * 12 + [seconds_each * faster] * 12:
        pace.follow(Turn(waited=each * pace.chunk))
    took = seconds_each * faster * pace.chunk
    assert took <= Pace.SECONDS * 1.01 or pace.chunk == Pace.LEAST
    assert took >= Pace.SECONDS / 4 or pace.chunk == CHUNK


def test_a_chunk_of_what_can_wait_may_be_smaller_than_one_of_what_cannot() -> None:
    author = make_institution()
    said = [contribute(author) for _ in range(6)]
    publish()
    with transaction.atomic():
        announce({one.indicator_id: ["community"] for one in said[:3]}, lane=Outbox.Lane.LATER)
        announce({one.indicator_id: ["community"] for one in said[3:]})
    assert turn(chunk=3, later=1).taken == 4


def test_a_turn_with_nothing_to_do_asks_one_question() -> None:
    contribute(make_institution())
    publish()
    with CaptureQueriesContext(connection) as captured:
        assert not turn(look_for_views=False).busy
    assert len(captured) == 1


def test_acts_of_people_go_before_what_can_wait() -> None:
    author = make_institution()
    waiting, urgent = contribute(author), contribute(author)
    publish()
    Outbox.objects.all().delete()
    with transaction.atomic():
        waiting.confidence = urgent.confidence = 40
        waiting.save()
        urgent.save()
        announce({waiting.indicator_id: ["community"]}, lane=Outbox.Lane.LATER)
        announce({urgent.indicator_id: ["community"]})
    assert turn(chunk=1).written == 2
    assert content_of(entry_of(urgent))["confidence"] == content_of(entry_of(waiting))["confidence"] == 40
    assert entry_of(urgent).date_added < entry_of(waiting).date_added


def test_what_can_wait_goes_on_however_much_is_being_shared() -> None:
    author = make_institution()
    waiting, *urgent = (contribute(author) for _ in range(4))
    publish()
    Outbox.objects.all().delete()
    with transaction.atomic():
        announce({waiting.indicator_id: ["community"]}, lane=Outbox.Lane.LATER)
        announce({row.indicator_id: ["community"] for row in urgent})
    assert turn(chunk=1).taken == 2
    assert not Outbox.objects.filter(lane=Outbox.Lane.LATER).exists()
    assert Outbox.objects.filter(lane=Outbox.Lane.NOW).count() == 2
