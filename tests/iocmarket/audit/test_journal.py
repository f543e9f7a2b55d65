"""The journal: an event for each act, in the act's own transaction, and never changed afterwards."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.db import DatabaseError, connection, transaction

from iocmarket.accounts import services
from iocmarket.accounts.models import Member
from iocmarket.accounts.roles import Scope
from iocmarket.accounts.viewer import Viewer
from iocmarket.audit.models import Event
from iocmarket.audit.services import PLATFORM, Actor, record
from iocmarket.indicators.services import withdraw
from iocmarket.vetting.deciding import approve as approve_applicant
from iocmarket.vetting.deciding import refuse
from tests.factories import contribute, make_applicant, make_institution, make_member, viewer_for

pytestmark = pytest.mark.django_db


def applicant() -> Member:
    """Somebody who waits."""
    return make_applicant().member


def decided(*, approve: bool) -> Member:
    """Somebody who waits no more."""
    by = make_member(administrator=True)
    if not approve:
        return refuse(applicant(), by=by, reason="unknown")
    return approve_applicant(applicant(), by=by, without_vouches=True, reason="known")


def a_token() -> services.NewToken:
    """Of a new institution."""
    return services.create_token(
        institution=make_institution(), name="x", scopes=[Scope.FEEDS_READ], made_by=None, actor=PLATFORM
    )


def a_withdrawal() -> None:
    """Of the author's own statement."""
    institution = make_institution()
    statement = contribute(institution, "45.1.2.3")
    withdraw(statement, viewer=viewer_for(institution, scopes=[Scope.INDICATORS_WRITE]))


@pytest.mark.parametrize(
    ("action", "act"),
    [
        ("institution.created", make_institution),
        ("member.created", make_member),
        ("member.applied", applicant),
        ("member.approved", lambda: decided(approve=True)),
        ("member.refused", lambda: decided(approve=False)),
        ("token.created", a_token),
        ("token.revoked", lambda: services.revoke_token(a_token().token, actor=PLATFORM)),
        ("contribution.withdrawn", a_withdrawal),
    ],
)
def test_an_act_leaves_one_event(action: str, act: Callable[[], object]) -> None:
    act()
    event = Event.objects.get(action=action)
    assert event.subject_id is not None


def test_the_event_of_a_withdrawal_holds_no_value() -> None:
    a_withdrawal()
    event = Event.objects.get(action="contribution.withdrawn")
    assert "45.1.2.3" not in str(event.__dict__)


def test_the_event_of_a_token_holds_no_secret() -> None:
    secret = a_token().secret
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(audit_event::text, ' ') FROM audit_event")
        assert secret not in cursor.fetchone()[0]


def test_an_event_outside_of_a_transaction_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("iocmarket.audit.services.connection", SimpleNamespace(in_atomic_block=False))
    with pytest.raises(RuntimeError, match="in the transaction of its act"):
        record("x", actor=PLATFORM, subject_type="x", details={})


def test_the_event_falls_with_its_act() -> None:
    def fail_late() -> None:
        with transaction.atomic():
            make_institution("Valbrune")
            raise TimeoutError

    with pytest.raises(TimeoutError):
        fail_late()
    assert not Event.objects.exists()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_event SET action = 'nothing'",
        "UPDATE audit_event SET at = at",
        "DELETE FROM audit_event",
        "DELETE FROM audit_event WHERE id = (SELECT max(id) FROM audit_event)",
    ],
)
def test_the_database_refuses_to_change_or_delete_an_event(statement: str) -> None:
    make_institution()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert Event.objects.get().action == "institution.created"


def test_djangos_own_ways_are_refused_too() -> None:
    make_institution()
    event = Event.objects.get()
    event.action = "nothing"
    for change in (event.save, event.delete, Event.objects.all().delete, lambda: Event.objects.update(action="x")):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            change()


def test_deleting_what_an_event_speaks_of_leaves_the_event() -> None:
    member = make_member()
    pk = member.pk
    with transaction.atomic():
        record("x", actor=Actor(member_id=pk), subject_type="x", details={})
    member.delete()
    assert Event.objects.filter(actor_id=pk).exists()


def test_the_guard_against_emptying_the_journal_is_part_of_the_schema() -> None:
    """The suite drops it (tests/conftest.py) in order to empty tables between tests; a real database keeps it."""
    migration = __import__("iocmarket.audit.migrations.0002_append_only", fromlist=["FORBID"])
    guard = migration.FORBID[migration.FORBID.index("CREATE TRIGGER audit_event_no_truncate") :]
    make_institution()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"{guard}; TRUNCATE audit_event")
    assert Event.objects.exists()


def test_an_actor_is_the_viewer_behind_the_act() -> None:
    institution = make_institution()
    viewer = Viewer(institution_id=institution.pk, ceiling=viewer_for(institution).ceiling, member_id=7, token_id=8)
    assert Actor.of(viewer) == Actor(member_id=7, token_id=8, institution_id=institution.pk)
