"""The chain over the record: whatever is done to the database directly is found, and says where."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from types import SimpleNamespace
from typing import Any

import pytest
import redis
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from iocmarket.audit.models import Event, Seal, Unsealed
from iocmarket.audit.remembered import forget_head, remember_head
from iocmarket.audit.sealing import BEGIN, find_forgotten, link, seal, seal_all
from iocmarket.audit.services import PLATFORM, record
from iocmarket.audit.verifying import verify

pytestmark = pytest.mark.django_db


@transaction.atomic
def acts(count: int = 5) -> None:
    """So many events."""
    for number in range(count):
        record("test.done", actor=PLATFORM, subject_type="test", details={"number": number, "word": "é", "part": 0.5})


@contextmanager
def as_owner_of_the_database() -> Iterator[Any]:
    """What a superuser can do: no trigger is asked."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        try:
            yield cursor
        finally:
            cursor.execute("SET session_replication_role = DEFAULT")


def said(*options: str) -> str:
    """What the command prints."""
    told = StringIO()
    call_command("audit_verify", *options, stdout=told)
    return told.getvalue()


def test_what_was_done_is_sealed_once_and_the_chain_holds() -> None:
    acts(5)
    assert seal_all() == 5
    assert seal_all() == 0
    report = verify()
    assert (report.length, report.holds, report.unsealed) == (5, True, 0)
    first, second = Seal.objects.order_by("position")[:2]
    assert bytes(first.previous) == BEGIN
    assert bytes(second.previous) == bytes(first.hash) == link(Event.objects.get(pk=first.event_id), BEGIN)


def test_an_event_of_a_smaller_id_that_came_later_is_sealed_too() -> None:
    acts(3)
    late = Event.objects.order_by("pk").first()
    assert late is not None
    Unsealed.objects.filter(pk=late.pk).delete()  # as one whose transaction is still open
    assert seal() == 2
    Unsealed.objects.create(pk=late.pk)
    assert seal() == 1
    assert Seal.objects.get(event_id=late.pk).position == 3
    assert verify().holds


def test_what_the_queue_lost_is_found_at_the_next_start() -> None:
    acts(3)
    Unsealed.objects.all().delete()
    assert (seal_all(), verify().unsealed) == (0, 3)
    assert find_forgotten() == 3
    assert (seal_all(), verify().unsealed) == (3, 0)


def test_what_has_no_seal_yet_is_told_with_its_age_and_is_no_break() -> None:
    acts(2)
    seal_all()
    acts(1)
    report = verify()
    assert (report.length, report.unsealed, report.holds) == (2, 1, True)
    assert 0 <= report.unsealed_age.total_seconds() < 60
    assert "unsealed: 1," in said()


TAMPERING = {
    "changed": (
        "UPDATE audit_event SET action = 'nothing' WHERE id = {event}",
        "UPDATE audit_event SET details = '{{}}' WHERE id = {event}",
        "UPDATE audit_event SET at = at - interval '1 microsecond' WHERE id = {event}",
        "UPDATE audit_event SET institution_id = 7 WHERE id = {event}",
        "UPDATE audit_event SET actor_id = 7 WHERE id = {event}",
        "UPDATE audit_seal SET hash = decode(repeat('00', 32), 'hex') WHERE event_id = {event}",
    ),
    "missing": ("DELETE FROM audit_event WHERE id = {event}",),
    "order": (
        "DELETE FROM audit_seal WHERE event_id = {event}",
        "UPDATE audit_seal SET previous = decode(repeat('00', 32), 'hex') WHERE event_id = {event}",
        "UPDATE audit_seal SET position = position + 100 WHERE event_id = {event}",
    ),
}


@pytest.mark.parametrize(("kind", "sql"), [(kind, sql) for kind, many in TAMPERING.items() for sql in many])
def test_tampering_with_the_database_is_found_where_it_was_done(kind: str, sql: str) -> None:
    acts(5)
    seal_all()
    event = Seal.objects.get(position=3).event_id
    with as_owner_of_the_database() as cursor:
        cursor.execute(sql.format(event=event))
        assert cursor.rowcount == 1
    report = verify()
    assert not report.holds
    assert report.breaks[kind] >= 1
    assert report.first is not None
    assert report.first.position in {3, 4}
    with pytest.raises(CommandError, match="broken"):
        said()


def test_two_events_that_change_places_are_found() -> None:
    acts(5)
    seal_all()
    second, third = Seal.objects.filter(position__in=[2, 3]).order_by("position").values_list("event_id", flat=True)
    with as_owner_of_the_database() as cursor:
        for position, event in ((2, -1), (3, second), (2, third)):
            cursor.execute("UPDATE audit_seal SET event_id = %s WHERE position = %s", [event, position])
    report = verify()
    assert report.first is not None
    assert (report.first.position, report.first.kind) == (2, "changed")
    assert report.breaks["changed"] == 2


def test_a_deletion_before_the_seal_is_found() -> None:
    acts(2)
    with as_owner_of_the_database() as cursor:
        cursor.execute("DELETE FROM audit_event WHERE id = (SELECT max(id) FROM audit_event)")
    assert seal_all() == 1
    assert verify().breaks == {"missing": 1}


def test_a_chain_that_was_written_anew_does_not_go_through_the_head_kept_elsewhere() -> None:
    acts(3)
    seal_all()
    kept = said("--print-anchor").strip()
    assert "anchor 3: found in the chain" in said("--anchor", kept)
    with as_owner_of_the_database() as cursor:
        cursor.execute("UPDATE audit_event SET action = 'nothing'")
        cursor.execute("DELETE FROM audit_seal")
    find_forgotten()
    seal_all()
    assert verify().holds
    assert not verify(kept).holds
    with pytest.raises(CommandError, match="broken"):
        said("--anchor", kept)


@pytest.fixture
def memory() -> Iterator[None]:
    """Redis, in which nothing is noted before and after."""
    forget_head()
    yield
    forget_head()


def test_a_tail_that_was_cut_off_misses_in_the_head_that_the_sealer_noted(memory: None) -> None:
    acts(5)
    seal_all()
    assert remember_head()
    assert "anchor 5: found in the chain" in said()
    with as_owner_of_the_database() as cursor:
        cursor.execute("DELETE FROM audit_event WHERE id IN (SELECT event_id FROM audit_seal WHERE position > 3)")
        cursor.execute("DELETE FROM audit_seal WHERE position > 3")
    assert verify().holds, "in itself"
    acts(4)
    seal_all()
    assert not remember_head(), "the old head stays noted"
    with pytest.raises(CommandError, match="broken"):
        said()
    assert "the chain holds" in said("--forget-head")
    assert remember_head()
    assert "anchor 7: found in the chain" in said()


def test_without_redis_the_chain_is_verified_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_args: object) -> None:
        raise redis.ConnectionError("secret host")

    acts(2)
    seal_all()
    monkeypatch.setattr("iocmarket.audit.remembered.cache", SimpleNamespace(get=away))
    assert "the chain holds" in said()


def test_an_anchor_that_is_none_is_refused() -> None:
    with pytest.raises(CommandError, match="POSITION:HASH"):
        said("--anchor", "yesterday")


@pytest.mark.parametrize("sql", ["UPDATE audit_seal SET hash = hash", "DELETE FROM audit_seal"])
def test_the_database_refuses_to_change_or_delete_a_link(sql: str) -> None:
    acts(1)
    seal_all()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def test_the_database_refuses_a_second_link_behind_the_same_one() -> None:
    acts(2)
    seal_all()
    first = Seal.objects.get(position=1)
    with pytest.raises(DatabaseError), transaction.atomic():
        Seal.objects.create(position=9, event_id=999_999, previous=first.previous, hash=b"\0" * 32)
