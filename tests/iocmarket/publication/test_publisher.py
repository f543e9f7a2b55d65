"""The publisher: what was announced becomes versions, once, in order, whoever commits when."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
import time_machine
from django.db import connection, transaction
from django.utils import timezone

from iocmarket.accounts.models import Institution
from iocmarket.kernel.marking import PAP, TLP
from iocmarket.publication.access import statements_of
from iocmarket.publication.models import Entry, Outbox, View
from iocmarket.publication.outbox import announce
from iocmarket.publication.publisher import run_until_idle, turn
from tests.factories import (
    contribute,
    make_institution,
    publish,
    tell,
    viewer_for,
    withdraw,
)
from tests.iocmarket.publication.entries import content_of, entry_of, in_order

pytestmark = pytest.mark.django_db


def test_a_statement_is_published_where_it_is_addressed_and_nowhere_else() -> None:
    author, named, other = (make_institution() for _ in range(3))
    contribute(author, "45.0.0.1", audience="own")
    contribute(author, "45.0.0.2", audience="recipients", recipients=[named])
    contribute(author, "45.0.0.3")
    publish()
    seen = {
        institution: {found.indicator.value for found in statements_of(viewer_for(institution)) if found.indicator}
        for institution in (author, named, other)
    }
    assert seen[author] == {"45.0.0.1", "45.0.0.2", "45.0.0.3"}
    assert seen[named] == {"45.0.0.2", "45.0.0.3"}
    assert seen[other] == {"45.0.0.3"}


def test_publishing_again_writes_nothing() -> None:
    contribution = contribute(make_institution())
    assert publish() == 1
    before = entry_of(contribution)
    tell(contribution)
    assert publish() == 0
    assert entry_of(contribution).date_added == before.date_added
    assert not Outbox.objects.exists()


def test_a_new_version_keeps_identity_and_moves_to_the_end() -> None:
    author = make_institution()
    first, second = contribute(author), contribute(author)
    publish()
    before = entry_of(first)
    first.confidence = 20
    first.save()
    tell(first)
    publish()
    after = entry_of(first)
    assert (after.pk, after.stix_id, after.first_added) == (before.pk, before.stix_id, before.first_added)
    assert after.date_added == after.version > entry_of(second).date_added
    assert content_of(after)["created"] == content_of(before)["created"]
    assert content_of(after)["modified"] != content_of(before)["modified"]


def test_the_same_value_in_two_views_is_two_objects() -> None:
    author, named = make_institution(), make_institution()
    contribution = contribute(author, audience="recipients", recipients=[named])
    publish()
    views = [f"inbox:{author.pk}", f"inbox:{named.pk}"]
    assert entry_of(contribution, views[0]).stix_id != entry_of(contribution, views[1]).stix_id


def test_a_view_never_holds_what_its_ceiling_excludes() -> None:
    author = make_institution()
    contribution = contribute(author, tlp=TLP.RED)
    publish()
    assert not Entry.objects.filter(indicator=contribution.indicator).exists()


def test_withdrawal_is_a_last_version_that_says_nothing() -> None:
    contribution = contribute(make_institution(), comment="a secret story", threat_type="c2", tags=["wave:3"])
    publish()
    before = entry_of(contribution)
    withdraw(contribution)
    publish()
    after = entry_of(contribution)
    assert after.state == Entry.State.WITHDRAWN
    assert after.date_added > before.date_added
    assert content_of(after)["labels"] == ["iocmarket:withdrawn"]
    assert b"secret" not in bytes(after.body)
    assert b"wave:3" not in bytes(after.body)
    assert (after.threat_types, after.institutions, after.base_score) == ([], 0, 0)
    tell(contribution)
    assert publish() == 0, "withdrawing once is enough"


def test_one_of_two_statements_taken_back_leaves_the_other() -> None:
    first, value = contribute(make_institution("Prima"), "45.7.7.7"), "45.7.7.7"
    contribute(make_institution("Altera"), value)
    publish()
    withdraw(first)
    publish()
    entry = entry_of(first)
    assert (entry.state, entry.institutions) == (Entry.State.LIVE, 1)
    assert b"Prima" not in bytes(entry.body)
    assert b"Altera" in bytes(entry.body)


def test_sharing_again_after_a_withdrawal_is_a_new_version_of_the_same_object() -> None:
    author = make_institution()
    contribution = contribute(author, "45.7.7.8")
    publish()
    withdraw(contribution)
    publish()
    stix_id = entry_of(contribution).stix_id
    contribute(author, "45.7.7.8")
    publish()
    entry = entry_of(contribution)
    assert (entry.state, entry.stix_id) == (Entry.State.LIVE, stix_id)
    assert "iocmarket:withdrawn" not in str(content_of(entry)["labels"])


def test_a_changed_audience_leaves_the_one_and_enters_the_other() -> None:
    author, named = make_institution(), make_institution()
    contribution = contribute(author)
    publish()
    contribution.audience, contribution.recipients = "recipients", [named.pk]
    contribution.save()
    tell(contribution, also=["community"])
    publish()
    assert entry_of(contribution).state == Entry.State.WITHDRAWN
    assert entry_of(contribution, f"inbox:{named.pk}").state == Entry.State.LIVE


def test_a_stricter_marking_replaces_the_body() -> None:
    contribution = contribute(make_institution(), tlp=TLP.GREEN)
    publish()
    contribution.tlp, contribution.pap = TLP.AMBER_STRICT, PAP.RED
    contribution.save()
    tell(contribution)
    publish()
    entry = entry_of(contribution)
    assert (entry.tlp, entry.pap) == (TLP.AMBER_STRICT, PAP.RED)
    assert "PAP:RED" in str(content_of(entry)["labels"])


def test_a_value_that_is_seen_again_gets_no_version_and_keeps_its_score() -> None:
    began = datetime(2026, 3, 2, 9, tzinfo=UTC)
    with time_machine.travel(began, tick=False) as traveller:
        said = contribute(make_institution(), valid_until=began + timedelta(days=20), seen=began)
        publish()
        before = entry_of(said)
        traveller.shift(timedelta(days=3))
        said.last_seen = timezone.now()
        with transaction.atomic():
            said.save()
            tell(said)
        assert publish() == 0
        after = entry_of(said)
        assert (after.date_added, bytes(after.body)) == (before.date_added, bytes(before.body))
        assert (before.last_seen, after.last_seen) == (began, began + timedelta(days=3))


def test_time_alone_makes_the_version_that_says_expired() -> None:
    contribution = contribute(make_institution())
    publish()
    due = entry_of(contribution).due_at
    assert due is not None
    with time_machine.travel(due - timedelta(seconds=1), tick=False):
        assert publish() == 0
    with time_machine.travel(due + timedelta(seconds=1), tick=False):
        assert publish() == 1
        entry = entry_of(contribution)
        assert entry.state == Entry.State.EXPIRED
        assert entry.due_at is None
        assert "iocmarket:expired" in str(content_of(entry)["labels"])
        assert publish() == 0
        contribution.last_seen = timezone.now()
        contribution.save()
        tell(contribution)
        assert publish() == 1
        assert entry_of(contribution).state == Entry.State.LIVE


def test_a_statement_that_ends_after_the_score_has_fallen_is_still_taken_out_in_time() -> None:
    end = timezone.now() + timedelta(days=2)
    value = "45.7.7.9"
    contribute(make_institution(), value, confidence=5)
    contribution = contribute(make_institution("Brevis"), value, confidence=5, valid_until=end)
    publish()
    with time_machine.travel(end - timedelta(seconds=1), tick=False):
        publish()
        assert entry_of(contribution).state == Entry.State.EXPIRED
    with time_machine.travel(end + timedelta(seconds=1), tick=False):
        publish()
        assert b"Brevis" not in bytes(entry_of(contribution).body)


def test_the_order_is_strict_when_the_clock_stands_still_or_runs_backwards() -> None:
    author, moment = make_institution(), timezone.now()
    with time_machine.travel(moment, tick=False):
        for _ in range(5):
            contribute(author)
        publish()
    with time_machine.travel(moment - timedelta(days=3), tick=False):
        contribute(author)
        publish()
    values = [entry.date_added for entry in in_order(View.objects.get(audience="community"))]
    assert len(set(values)) == len(values)
    assert values[-1] > moment


@pytest.mark.django_db(transaction=True)
def test_a_change_is_announced_in_a_transaction_or_not_at_all() -> None:
    with pytest.raises(RuntimeError, match="transaction"):
        announce({1: ["community"]})


class _Beside(threading.Thread):
    """Work on another connection; `done` waits for it and raises what it raised."""

    def __init__(self, work: Callable[[], None]) -> None:
        super().__init__()
        self.work = work
        self.error: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            self.work()
        except BaseException as error:  # noqa: BLE001
            self.error = error
        finally:
            connection.close()

    def done(self) -> None:
        self.join(60)
        assert not self.is_alive()
        if self.error is not None:
            raise self.error


@pytest.mark.django_db(transaction=True)
def test_a_lower_outbox_id_that_is_committed_later_is_neither_lost_nor_out_of_order() -> None:
    author = make_institution()
    publish()
    announced, may_commit = threading.Event(), threading.Event()

    def slow_writer() -> None:
        with transaction.atomic():
            contribute(author, "45.9.0.1")
            announced.set()
            assert may_commit.wait(30)

    slow = _Beside(slow_writer)
    assert announced.wait(30)
    contribute(author, "45.9.0.2")
    lowest = Outbox.objects.order_by("id").first()
    assert lowest is not None
    assert lowest.pk > 1, "the slow writer's row has the lower id and is not visible yet"
    publish()
    view = View.objects.get(audience="community")
    assert [entry.indicator.value for entry in in_order(view) if entry.indicator] == ["45.9.0.2"]
    may_commit.set()
    slow.done()
    publish()
    assert [entry.indicator.value for entry in in_order(view) if entry.indicator] == ["45.9.0.2", "45.9.0.1"]
    assert not Outbox.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_turns_beside_concurrent_writers_and_publishers_leave_exactly_the_full_set() -> None:
    authors = [make_institution() for _ in range(3)]
    writing = threading.Event()
    writing.set()

    def write(author: Institution) -> None:
        said = [contribute(author, f"45.9.{number}.1", confidence=number) for number in range(20)]
        for statement in said if author == authors[0] else []:
            withdraw(statement)

    def publish_all_the_time() -> None:
        while writing.is_set():
            turn(chunk=7)

    writers = [_Beside(partial(write, author)) for author in authors]
    publishers = [_Beside(publish_all_the_time) for _ in range(2)]
    for thread in writers:
        thread.done()
    writing.clear()
    for thread in publishers:
        thread.done()
    run_until_idle()
    entries = [entry for entry in in_order(View.objects.get(audience="community")) if entry.indicator]
    values = [entry.indicator.value for entry in entries if entry.indicator]
    assert sorted(values) == sorted(f"45.9.{number}.1" for number in range(20))
    assert {entry.institutions for entry in entries} == {2}
    assert not Outbox.objects.exists()
