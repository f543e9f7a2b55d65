"""Reminders: fourteen and three days before a token expires, once each, to those whom it concerns."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail

from iocmarket.accounts import expiring
from iocmarket.accounts.models import Institution, Member, Token
from iocmarket.accounts.partners import end_agreement, make_partner, renew_agreement
from iocmarket.accounts.roles import Role
from iocmarket.accounts.rotating import rotate_token
from iocmarket.accounts.services import create_token
from iocmarket.audit.services import PLATFORM
from iocmarket.celery import app
from iocmarket.kernel import clock
from iocmarket.web.mails import Letter, send_now
from iocmarket.web.tasks import deliver
from tests.factories import make_institution, make_member, make_token

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _at_once(django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Letters are sent where they are written: the worker is another test's."""
    monkeypatch.setattr(deliver, "delay", lambda to, subject, text: send_now(to, Letter(subject, text)))

    def committed(real: Callable[[], int]) -> Callable[[], int]:
        def act() -> int:
            with django_capture_on_commit_callbacks(execute=True):
                return real()

        return act

    for name in ("remind", "remind_of_agreements"):
        monkeypatch.setattr(expiring, name, committed(getattr(expiring, name)))


@pytest.fixture
def manager(db: None) -> Member:
    return make_member(make_institution("Valbrune"), role=Role.MANAGER, email="manager@example.org")


def token_of(manager: Member, **extra: Any) -> Token:
    institution = manager.institution
    assert institution is not None
    given = {"name": "SIEM", "scopes": ["feeds:read"], "made_by": None, "actor": PLATFORM, **extra}
    return create_token(institution=institution, **given).token


def sent() -> list[tuple[str, str]]:
    """To whom and with which subject; the box is empty afterwards."""
    found = sorted((letter.to[0], str(letter.subject)) for letter in mail.outbox)
    mail.outbox.clear()
    return found


def test_everybody_concerned_is_told_twice_and_not_more(manager: Member) -> None:
    start = clock.now()
    maker = make_member(manager.institution, email="maker@example.org")
    make_member(manager.institution, email="colleague@example.org")
    make_member(role=Role.MANAGER, email="elsewhere@example.org")
    told: dict[float, list[str]] = {}
    with time_machine.travel(start, tick=False) as traveller:
        token_of(manager, made_by=maker, expires_at=start + 30 * DAY)
        for hour in range(0, 31 * 24, 6):
            traveller.move_to(start + timedelta(hours=hour))
            expiring.remind()
            if found := sent():
                told[30 - hour / 24] = [to for to, _subject in found]
    assert told == {
        14.0: ["maker@example.org", "manager@example.org"],
        3.0: ["maker@example.org", "manager@example.org"],
    }


def test_a_token_made_for_a_few_days_is_reminded_of_once(manager: Member) -> None:
    token_of(manager, expires_at=clock.now() + 2 * DAY)
    assert expiring.remind() == 1
    assert expiring.remind() == 0
    [(to, subject)] = sent()
    assert to == "manager@example.org"
    assert "SIEM" in subject
    assert "2 jours" in subject


def test_the_letter_says_which_and_where_and_holds_no_secret(manager: Member) -> None:
    institution = manager.institution
    assert institution is not None
    secret = make_token(institution, expires_at=clock.now() + 2 * DAY)
    expiring.remind()
    [letter] = mail.outbox
    assert "/account/tokens" in letter.body
    assert f"iocm{secret[4:8]}" in letter.body
    assert secret[8:] not in letter.body
    assert "\n" not in letter.subject


def test_a_name_with_line_ends_makes_no_header(manager: Member) -> None:
    token_of(manager, name="SIEM\r\nBcc: all@example.org", expires_at=clock.now() + DAY)
    expiring.remind()
    [letter] = mail.outbox
    assert letter.recipients() == ["manager@example.org"]
    assert "\n" not in letter.subject
    assert letter.extra_headers.keys() == {"Auto-Submitted"}


def revoked(token: Token, _manager: Member) -> None:
    Token.objects.filter(hint=token.hint).update(revoked_at=clock.now())


def replaced(token: Token, _manager: Member) -> None:
    rotate_token(token, overlap=DAY, made_by=None, actor=PLATFORM)
    Token.objects.exclude(hint=token.hint).update(expires_at=None)


def suspended(_token: Token, manager: Member) -> None:
    Institution.objects.filter(members=manager).update(state=Institution.State.SUSPENDED)


def removed(_token: Token, manager: Member) -> None:
    Member.objects.filter(pk=manager.pk).update(state=Member.State.SUSPENDED)


@pytest.mark.parametrize("ended", [revoked, replaced, suspended, removed])
def test_nobody_is_reminded_of_what_is_over(ended: Any, manager: Member) -> None:
    ended(token_of(manager, expires_at=clock.now() + 2 * DAY), manager)
    expiring.remind()
    assert sent() == []


def test_of_a_partner_its_contact_and_the_administrators_are_told(manager: Member) -> None:
    make_member(email="admin@example.org", administrator=True)
    until: datetime = clock.now() + 90 * DAY
    partner = make_partner(name="CERT", agreement="x", until=until, contact_email="cert@example.org", actor=PLATFORM)
    make_token(partner, expires_at=clock.now() + 2 * DAY)
    expiring.remind()
    assert [to for to, _subject in sent()] == ["admin@example.org", "cert@example.org"]


@pytest.mark.django_db
def test_of_an_agreement_that_ends_people_are_told_twice_and_again_after_a_new_one() -> None:
    make_member(email="admin@example.org", administrator=True)
    start = clock.now()
    told: dict[float, list[str]] = {}
    with time_machine.travel(start, tick=False) as traveller:
        until = start + 30 * DAY
        partner = make_partner(
            name="CERT", agreement="x", until=until, contact_email="cert@example.org", actor=PLATFORM
        )
        for hour in range(0, 40 * 24, 12):
            traveller.move_to(start + timedelta(hours=hour))
            expiring.remind_of_agreements()
            if found := sent():
                told[30 - hour / 24] = [to for to, _subject in found]
        both = ["admin@example.org", "cert@example.org"]
        assert told == {14.0: both, 3.0: both}
        renew_agreement(partner, agreement="y", until=clock.now() + 2 * DAY, actor=PLATFORM)
        assert (expiring.remind_of_agreements(), expiring.remind_of_agreements()) == (1, 0)
        [(_to, subject), _other] = sent()
        assert "CERT" in subject
        assert "2 jours" in subject


@pytest.mark.django_db
def test_of_an_agreement_that_was_ended_nobody_is_told() -> None:
    make_member(email="admin@example.org", administrator=True)
    partner = make_partner(
        name="CERT", agreement="x", until=clock.now() + DAY, contact_email="cert@example.org", actor=PLATFORM
    )
    end_agreement(partner, actor=PLATFORM)
    assert expiring.remind_of_agreements() == 0
    assert sent() == []


@pytest.mark.django_db
def test_the_letters_of_a_partner_lead_to_its_own_page() -> None:
    partner = make_partner(
        name="CERT", agreement="x", until=clock.now() + DAY, contact_email="cert@example.org", actor=PLATFORM
    )
    make_token(partner, expires_at=clock.now() + DAY)
    expiring.remind()
    expiring.remind_of_agreements()
    assert len(mail.outbox) == 2
    for letter in mail.outbox:
        assert f"/community/partners/{partner.public_id}" in letter.body
        assert "/account/tokens" not in letter.body


def test_beat_asks_for_it() -> None:
    app.loader.import_default_modules()
    assert "accounts.remind_of_tokens" in {entry["task"] for entry in app.conf.beat_schedule.values()}
