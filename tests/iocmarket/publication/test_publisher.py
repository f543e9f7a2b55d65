"""The publisher: what was announced becomes versions, once, in order, whoever commits when."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise

import pytest
import time_machine
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from iocmarket.accounts.circles import create_circle
from iocmarket.accounts.models import Institution
from iocmarket.audit.services import PLATFORM
from iocmarket.indicators.joining import join_circle
from iocmarket.indicators.models import Contribution
from iocmarket.kernel.marking import PAP, TLP
from iocmarket.publication import publisher
from iocmarket.publication.access import entries_of, statements_of, views_of
from iocmarket.publication.models import Entry, Outbox, View
from iocmarket.publication.outbox import announce
from iocmarket.publication.publisher import CHUNK, Pace, Turn, run_until_idle, turn
from tests.factories import (
    contribute,
    indicator_of,
    make_institution,
    make_token,
    publish,
    tell,
    viewer_for,
    withdraw,
)

pytestmark = pytest.mark.django_db


def _entry(contribution: Contribution, audience: str = "community") -> Entry:
    return Entry.objects.get(view__audience=audience, indicator=contribution.indicator)


def _body(entry: Entry) -> dict[str, object]:
    found: dict[str, object] = json.loads(bytes(entry.body))
    return found


def _in_order(view: View) -> list[Entry]:
    entries = list(Entry.objects.filter(view=view).order_by("date_added"))
    assert all(earlier.date_added < later.date_added for earlier, later in pairwise(entries))
    assert entries[-1].date_added <= (View.objects.get(pk=view.pk).head or datetime.min.replace(tzinfo=UTC))
    return entries


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
    before = _entry(contribution)
    tell(contribution)
    assert publish() == 0
    assert _entry(contribution).date_added == before.date_added
    assert not Outbox.objects.exists()


def test_a_new_version_keeps_identity_and_moves_to_the_end() -> None:
    author = make_institution()
    first, second = contribute(author), contribute(author)
    publish()
    before = _entry(first)
    first.confidence = 20
    first.save()
    tell(first)
    publish()
    after = _entry(first)
    assert (after.pk, after.stix_id, after.first_added) == (before.pk, before.stix_id, before.first_added)
    assert after.date_added == after.version > _entry(second).date_added
    assert _body(after)["created"] == _body(before)["created"]
    assert _body(after)["modified"] != _body(before)["modified"]


def test_the_same_value_in_two_views_is_two_objects() -> None:
    author, named = make_institution(), make_institution()
    contribution = contribute(author, audience="recipients", recipients=[named])
    publish()
    views = [f"inbox:{author.pk}", f"inbox:{named.pk}"]
    assert _entry(contribution, views[0]).stix_id != _entry(contribution, views[1]).stix_id


def test_a_view_never_holds_what_its_ceiling_excludes() -> None:
    author = make_institution()
    contribution = contribute(author, tlp=TLP.RED)
    publish()
    assert not Entry.objects.filter(indicator=contribution.indicator).exists()


def test_withdrawal_is_a_last_version_that_says_nothing() -> None:
    contribution = contribute(make_institution(), comment="a secret story", threat_type="c2", tags=["wave:3"])
    publish()
    before = _entry(contribution)
    withdraw(contribution)
    publish()
    after = _entry(contribution)
    assert after.state == Entry.State.WITHDRAWN
    assert after.date_added > before.date_added
    assert _body(after)["labels"] == ["iocmarket:withdrawn"]
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
    entry = _entry(first)
    assert (entry.state, entry.institutions) == (Entry.State.LIVE, 1)
    assert b"Prima" not in bytes(entry.body)
    assert b"Altera" in bytes(entry.body)


def test_sharing_again_after_a_withdrawal_is_a_new_version_of_the_same_object() -> None:
    author = make_institution()
    contribution = contribute(author, "45.7.7.8")
    publish()
    withdraw(contribution)
    publish()
    stix_id = _entry(contribution).stix_id
    contribute(author, "45.7.7.8")
    publish()
    entry = _entry(contribution)
    assert (entry.state, entry.stix_id) == (Entry.State.LIVE, stix_id)
    assert "iocmarket:withdrawn" not in str(_body(entry)["labels"])


def test_a_changed_audience_leaves_the_one_and_enters_the_other() -> None:
    author, named = make_institution(), make_institution()
    contribution = contribute(author)
    publish()
    contribution.audience, contribution.recipients = "recipients", [named.pk]
    contribution.save()
    tell(contribution, also=["community"])
    publish()
    assert _entry(contribution).state == Entry.State.WITHDRAWN
    assert _entry(contribution, f"inbox:{named.pk}").state == Entry.State.LIVE


def test_a_stricter_marking_replaces_the_body() -> None:
    contribution = contribute(make_institution(), tlp=TLP.GREEN)
    publish()
    contribution.tlp, contribution.pap = TLP.AMBER_STRICT, PAP.RED
    contribution.save()
    tell(contribution)
    publish()
    entry = _entry(contribution)
    assert (entry.tlp, entry.pap) == (TLP.AMBER_STRICT, PAP.RED)
    assert "PAP:RED" in str(_body(entry)["labels"])


def test_a_value_that_is_seen_again_gets_no_version_and_keeps_its_score() -> None:
    began = datetime(2026, 3, 2, 9, tzinfo=UTC)
    with time_machine.travel(began, tick=False) as traveller:
        said = contribute(make_institution(), valid_until=began + timedelta(days=20), seen=began)
        publish()
        before = _entry(said)
        traveller.shift(timedelta(days=3))
        said.last_seen = timezone.now()
        with transaction.atomic():
            said.save()
            tell(said)
        assert publish() == 0
        after = _entry(said)
        assert (after.date_added, bytes(after.body)) == (before.date_added, bytes(before.body))
        assert (before.last_seen, after.last_seen) == (began, began + timedelta(days=3))


def test_time_alone_makes_the_version_that_says_expired() -> None:
    contribution = contribute(make_institution())
    publish()
    due = _entry(contribution).due_at
    assert due is not None
    with time_machine.travel(due - timedelta(seconds=1), tick=False):
        assert publish() == 0
    with time_machine.travel(due + timedelta(seconds=1), tick=False):
        assert publish() == 1
        entry = _entry(contribution)
        assert entry.state == Entry.State.EXPIRED
        assert entry.due_at is None
        assert "iocmarket:expired" in str(_body(entry)["labels"])
        assert publish() == 0
        contribution.last_seen = timezone.now()
        contribution.save()
        tell(contribution)
        assert publish() == 1
        assert _entry(contribution).state == Entry.State.LIVE


def test_a_statement_that_ends_after_the_score_has_fallen_is_still_taken_out_in_time() -> None:
    end = timezone.now() + timedelta(days=2)
    value = "45.7.7.9"
    contribute(make_institution(), value, confidence=5)
    contribution = contribute(make_institution("Brevis"), value, confidence=5, valid_until=end)
    publish()
    with time_machine.travel(end - timedelta(seconds=1), tick=False):
        publish()
        assert _entry(contribution).state == Entry.State.EXPIRED
    with time_machine.travel(end + timedelta(seconds=1), tick=False):
        publish()
        assert b"Brevis" not in bytes(_entry(contribution).body)


def test_an_institution_that_is_let_in_gets_its_inbox_filled_and_is_told_no_old_withdrawals() -> None:
    author = make_institution()
    newcomer = make_institution(approved=False)
    kept = contribute(author, audience="recipients", recipients=[newcomer])
    taken_back = contribute(author)
    publish()
    withdraw(taken_back)
    publish()
    assert not View.objects.filter(institution=newcomer).exists()
    newcomer.state, newcomer.approved_at = Institution.State.APPROVED, timezone.now()
    newcomer.save()
    publish()
    viewer = viewer_for(newcomer)
    told = list(entries_of(viewer, views_of(viewer)))
    assert kept.indicator in [entry.indicator for entry in told]
    assert all(entry.state != Entry.State.WITHDRAWN for entry in told)


def test_whoever_is_let_in_again_is_told_no_withdrawals_of_the_time_between() -> None:
    author, away = make_institution(), make_institution()
    circle = create_circle(name="Veille", founder=author, actor=PLATFORM)
    join_circle(circle, away, actor=PLATFORM)
    publish()
    said = contribute(author, audience="circle", circle=circle)
    publish()
    withdraw(said)
    publish()
    view = View.objects.get(circle=circle)
    told = entries_of(viewer_for(away), [view]).filter(indicator=said.indicator)
    assert told.exists()
    Institution.objects.filter(pk=away.pk).update(approved_at=timezone.now())
    assert not entries_of(viewer_for(away), [view]).filter(indicator=said.indicator).exists()
    assert entries_of(viewer_for(author), [view]).filter(indicator=said.indicator).exists()


def test_a_view_is_hidden_until_it_is_filled() -> None:
    author = make_institution()
    for _ in range(5):
        contribute(author)
    Outbox.objects.all().delete()
    viewer, seen = viewer_for(author), []
    while turn(chunk=2).busy:
        community = View.objects.get(audience="community")
        listed = views_of(viewer).filter(pk=community.pk).exists()
        seen.append((listed, Entry.objects.filter(view=community, stix_type="indicator").count()))
    assert all(count == 5 for listed, count in seen if listed)
    assert seen[0] == (False, 2)
    assert seen[-1] == (True, 5)


def test_what_is_said_while_a_view_is_filled_is_in_it_once() -> None:
    author = make_institution()
    early = indicator_of("45.8.0.1", type_name="ipv4")
    for number in range(2, 8):
        contribute(author, f"45.8.0.{number}")
    Outbox.objects.all().delete()
    turn(chunk=2)
    contribution = contribute(author, "45.8.0.1")
    assert contribution.indicator == early
    publish()
    view = View.objects.get(audience="community")
    values = [entry.indicator.value for entry in _in_order(view) if entry.indicator]
    assert sorted(values) == [f"45.8.0.{number}" for number in range(1, 8)]


def _killed_half_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """A turn that writes its entries and dies before it ends, as a process that is killed does."""

    def die(*args: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(publisher, "touched_by", die)
        with pytest.raises(KeyboardInterrupt):
            turn(chunk=2)


def test_a_publisher_that_is_killed_while_it_fills_a_view_goes_on_where_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    author = make_institution()
    said = [contribute(author, f"45.8.1.{number}", tlp=TLP.GREEN) for number in range(7)]
    publish()
    make_token(author, operated_by="provider")
    turn(chunk=2)
    narrow = View.objects.get(audience="community", ceiling_tlp=TLP.AMBER)
    before = (narrow.filled_to, Entry.objects.filter(view=narrow).count())
    _killed_half_way(monkeypatch)
    narrow.refresh_from_db()
    assert (narrow.filled_to, Entry.objects.filter(view=narrow).count()) == before, "nothing of it is half there"
    while turn(chunk=2).busy:
        pass
    narrow.refresh_from_db()
    assert narrow.filled_to is None
    told = [entry.indicator_id for entry in _in_order(narrow) if entry.indicator_id]
    assert sorted(told) == sorted(one.indicator_id for one in said), "each once"


def test_a_publisher_that_is_killed_over_announcements_takes_them_again(monkeypatch: pytest.MonkeyPatch) -> None:
    author = make_institution()
    publish()
    said = contribute(author)
    _killed_half_way(monkeypatch)
    assert not Entry.objects.filter(indicator=said.indicator).exists()
    assert Outbox.objects.exists()
    publish()
    assert _entry(said).state == Entry.State.LIVE


def test_a_narrow_view_that_is_made_while_people_share_holds_what_its_ceiling_lets_through() -> None:
    author = make_institution()
    early = [contribute(author, tlp=TLP(number % 4)) for number in range(8)]
    publish()
    make_token(author, operated_by="provider")
    late: list[Contribution] = []
    while turn(chunk=3).busy:
        if len(late) < 8:
            late.append(contribute(author, tlp=TLP(len(late) % 4)))
            if len(late) % 3 == 0:
                withdraw(early[len(late) - 1])
    narrow = View.objects.get(audience="community", ceiling_tlp=TLP.AMBER)
    rows = Contribution.unscoped.filter(pk__in=[one.pk for one in [*early, *late]], withdrawn_at__isnull=True)
    meant = {row.indicator_id for row in rows if row.tlp <= TLP.AMBER}
    live = {entry.indicator_id for entry in _in_order(narrow) if entry.state == Entry.State.LIVE}
    assert live == meant


def test_several_views_of_one_audience_are_each_as_if_they_were_alone() -> None:
    author, other = make_institution(), make_institution()
    for ceiling in ("CLEAR", "GREEN", "AMBER"):
        make_token(author, tlp_ceiling=TLP.parse(ceiling))
    value = "45.8.3.1"
    strict = contribute(author, value, tlp=TLP.AMBER_STRICT, confidence=90, comment="strictly ours")
    contribute(other, value, tlp=TLP.GREEN, confidence=40)
    publish()
    bodies = {
        entry.view.ceiling_tlp: _body(entry)
        for entry in Entry.objects.filter(indicator=strict.indicator).select_related("view")
    }
    assert set(bodies) == {TLP.GREEN, TLP.AMBER, TLP.AMBER_STRICT}
    assert [bodies[level]["confidence"] for level in sorted(bodies)] == [40, 40, 90]
    assert ["strictly ours" in str(bodies[level]) for level in sorted(bodies)] == [False, False, True]
    assert len({str(body["id"]) for body in bodies.values()}) == 3


def test_what_was_withdrawn_is_told_for_ninety_days_and_then_forgotten() -> None:
    author = make_institution()
    gone, kept = contribute(author), contribute(author)
    with time_machine.travel(timezone.now() - timedelta(days=200), tick=False) as clock:
        publish()
        withdraw(gone)
        publish()
        clock.shift(timedelta(days=89))
        publish()
        assert _entry(gone).state == Entry.State.WITHDRAWN
        clock.shift(timedelta(days=2))
        assert turn().purged == 1
        assert not turn().busy
    assert not Entry.objects.filter(indicator=gone.indicator).exists()
    assert Entry.objects.filter(indicator=kept.indicator).exists()
    again = contribute(author, gone.indicator.value)
    publish()
    assert _entry(again).state == Entry.State.LIVE


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
    assert _body(_entry(urgent))["confidence"] == _body(_entry(waiting))["confidence"] == 40
    assert _entry(urgent).date_added < _entry(waiting).date_added


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


def test_the_order_is_strict_when_the_clock_stands_still_or_runs_backwards() -> None:
    author, moment = make_institution(), timezone.now()
    with time_machine.travel(moment, tick=False):
        for _ in range(5):
            contribute(author)
        publish()
    with time_machine.travel(moment - timedelta(days=3), tick=False):
        contribute(author)
        publish()
    values = [entry.date_added for entry in _in_order(View.objects.get(audience="community"))]
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
    assert [entry.indicator.value for entry in _in_order(view) if entry.indicator] == ["45.9.0.2"]
    may_commit.set()
    slow.done()
    publish()
    assert [entry.indicator.value for entry in _in_order(view) if entry.indicator] == ["45.9.0.2", "45.9.0.1"]
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
    entries = [entry for entry in _in_order(View.objects.get(audience="community")) if entry.indicator]
    values = [entry.indicator.value for entry in entries if entry.indicator]
    assert sorted(values) == sorted(f"45.9.{number}.1" for number in range(20))
    assert {entry.institutions for entry in entries} == {2}
    assert not Outbox.objects.exists()
