"""One table says how long what is kept, and `purge` does what it says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import DatabaseError
from django.test import Client

from iocmarket.accounts.models import Invitation, Member, Token
from iocmarket.audit.models import Event
from iocmarket.audit.sealing import seal_all
from iocmarket.audit.verifying import verify
from iocmarket.celery import app
from iocmarket.kernel import clock
from iocmarket.privacy.purging import purge
from iocmarket.privacy.retention import SECURITY, Retention, Rule, retention
from iocmarket.privacy.tasks import purge as task
from tests.factories import make_institution, make_member, make_token
from tests.iocmarket.audit.test_origin import act_by_request

pytestmark = pytest.mark.django_db


def said(*options: str) -> str:
    """What the command prints."""
    told = StringIO()
    call_command("purge", *options, stdout=told)
    return told.getvalue()


def counts() -> dict[str, int | None]:
    """What a purge took."""
    return {one.rule.name: one.count for one in purge() if one.count != 0}


@pytest.fixture
def failing() -> Iterator[None]:
    """A row that cannot be kept."""

    def fail() -> int:
        raise DatabaseError("no")

    rule = Rule(name="a.test", what="x", models=(), kept="x", basis=SECURITY, due=lambda: 0, purge=fail)
    retention.register(rule)
    yield
    retention.unregister("a.test")


def test_addresses_in_the_record_are_forgotten_after_a_year_and_the_chain_holds() -> None:
    act_by_request()
    seal_all()
    with time_machine.travel(clock.now() + timedelta(days=364), tick=False):
        assert "audit.origins" not in counts()
    with time_machine.travel(clock.now() + timedelta(days=366), tick=False):
        assert counts()["audit.origins"] == 1
    assert not Event.objects.exclude(address=None).exists()
    assert verify().holds


def test_a_refused_application_loses_its_person_after_half_a_year() -> None:
    member = make_member()
    Member.objects.filter(pk=member.pk).update(state=Member.State.REFUSED, why="I am Ada")
    with time_machine.travel(clock.now() + timedelta(days=181), tick=False):
        assert counts()["accounts.applications"] == 1
        assert "accounts.applications" not in counts()
    member.refresh_from_db()
    assert (member.why, member.email.endswith("@erased.invalid"), member.is_active) == ("", True, False)


def test_old_invitations_sessions_and_uses_of_tokens_go() -> None:
    institution = make_institution()
    present = clock.now()
    Invitation.objects.create(digest=b"1" * 32, email="ada@example.org", institution=institution, expires_at=present)
    Client().force_login(make_member(institution))
    make_token(institution)
    Token.objects.update(last_used_at=present, last_used_address="192.0.2.1", last_used_client="curl")
    assert not {"accounts.invitations", "accounts.sessions", "accounts.tokens"} & set(counts())
    with time_machine.travel(present + timedelta(days=400), tick=False):
        assert {"accounts.invitations", "accounts.sessions", "accounts.tokens"} <= set(counts())
    assert not Invitation.objects.exists()
    assert not Session.objects.exists()
    assert (Token.objects.get().last_used_address, Token.objects.get().last_used_client) == (None, "")


def test_the_command_counts_before_it_purges_and_an_event_tells_of_it() -> None:
    act_by_request()
    with time_machine.travel(clock.now() + timedelta(days=366), tick=False):
        assert "         1  audit.origins" in said("--dry-run")
        assert Event.objects.exclude(address=None).count() == 1
        assert "         1  audit.origins" in said()
        assert "         0  audit.origins" in said("--dry-run")
    assert Event.objects.get(action="privacy.purged").details == {"counts": {"audit.origins": 1}}


@pytest.mark.usefixtures("failing")
def test_a_row_that_fails_holds_up_no_other_and_is_told() -> None:
    act_by_request()
    late = clock.now() + timedelta(days=366)
    with time_machine.travel(late, tick=False), pytest.raises(CommandError, match="not everything"):
        said()
    assert Event.objects.get(action="privacy.purged").details["failed"] == ["a.test"]
    assert not Event.objects.exclude(address=None).exists()


def test_nothing_to_purge_leaves_no_event() -> None:
    assert task() == 0
    assert not Event.objects.filter(action="privacy.purged").exists()


def test_beat_asks_for_it() -> None:
    assert "privacy.purge" in {entry["task"] for entry in app.conf.beat_schedule.values()}


def test_a_name_is_registered_once() -> None:
    table, rule = Retention(), Rule(name="x", what="x", models=(), kept="x", basis=SECURITY)
    table.register(rule)
    with pytest.raises(ValueError, match="twice"):
        table.register(rule)
