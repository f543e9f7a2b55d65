"""Each year an institution confirms itself; late, it only reads; later still, it is suspended."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client, RequestFactory
from pytest_django import Settings

from iocmarket.accounts.models import Institution, Member
from iocmarket.accounts.read_only import ReadOnlyInstitutions
from iocmarket.accounts.recertifying import confirm, sweep
from iocmarket.accounts.roles import Role, Scope
from iocmarket.accounts.standing import reinstate_institution
from iocmarket.accounts.tasks import confirmations
from iocmarket.accounts.viewer import viewer_of_member
from iocmarket.audit.models import Event
from iocmarket.audit.services import PLATFORM
from iocmarket.celery import app
from iocmarket.kernel.decision import Refusal
from tests.factories import make_institution, make_member, make_token
from tests.mailbox import Mailbox

pytestmark = pytest.mark.django_db
BEGAN = datetime(2026, 1, 5, 9, tzinfo=UTC)
DUE = BEGAN + timedelta(days=365)
MANAGER = "claire@valbrune.fr"


@pytest.fixture
def house() -> Institution:
    """Approved on the first day, with a manager."""
    with time_machine.travel(BEGAN, tick=False):
        house = make_institution("Université de Valbrune")
        make_member(house, role=Role.MANAGER, email=MANAGER)
    return house


def at(moment: datetime, times: int = 1) -> list[int]:
    """What the task does at that moment, each time."""
    with time_machine.travel(moment, tick=False):
        return [sweep() for _ in range(times)]


def now(house: Institution) -> Institution:
    """As it stands."""
    return Institution.objects.get(pk=house.pk)


def the_manager() -> Member:
    """Who is asked."""
    return Member.objects.select_related("institution").get(email=MANAGER)


def test_managers_are_asked_thrice_and_only_once_each_time(house: Institution, mailbox: Mailbox) -> None:
    assert at(DUE - timedelta(days=31)) == [0]
    counts = []
    for days in (30, 29, 8, 7, 3, 1):
        assert sum(at(DUE - timedelta(days=days), times=2)) <= 1
        counts.append(len(mailbox.letters(MANAGER)))
    assert counts == [1, 1, 1, 2, 2, 3]
    assert now(house).is_approved
    assert not now(house).is_read_only


def test_a_worker_that_slept_asks_once_and_takes_no_day_away(house: Institution, mailbox: Mailbox) -> None:
    assert at(DUE - timedelta(hours=3), times=2) == [1, 0]
    assert len(mailbox.letters(MANAGER)) == 1
    late = DUE + timedelta(days=90)
    assert at(late, times=2) == [1, 0]
    assert now(house).read_only_since == late
    assert at(late + timedelta(days=29)) == [0]
    assert at(late + timedelta(days=30), times=2) == [1, 0]
    assert now(house).state == Institution.State.SUSPENDED
    assert Event.objects.filter(action__in=["institution.read_only", "institution.suspended"]).count() == 2
    assert len(mailbox.letters(MANAGER)) == 3


def test_the_contact_address_is_told_too(house: Institution, mailbox: Mailbox) -> None:
    Institution.objects.filter(pk=house.pk).update(contact_email="cert@valbrune.fr")
    at(DUE)
    assert "cert@valbrune.fr" in {letter.to for letter in mailbox.letters()}


def test_a_late_institution_reads_and_writes_nothing(house: Institution) -> None:
    at(DUE)
    with time_machine.travel(DUE + timedelta(days=1), tick=False):
        scopes = list(Scope)
        machine = Client(headers={"Authorization": f"Bearer {make_token(house, scopes=scopes)}"})
        assert machine.get("/api/v1/indicators").status_code == 200
        assert (
            machine.post("/api/v1/lookup", {"values": ["45.1.1.1"]}, content_type="application/json").status_code == 200
        )
        for path in ("/api/v1/submissions", "/api/v1/sightings"):
            answer = machine.post(path, {}, content_type="application/json")
            assert (answer.status_code, answer.json()["code"]) == (403, "institution_read_only")
        person = Client()
        person.force_login(the_manager())
        assert "Université de Valbrune" in person.get("/").content.decode()
        assert 'class="form-trouble standing"' in person.get("/search").content.decode()
        answer = person.post("/share", {"text": "45.1.1.1"})
        assert answer.status_code == 403
        assert person.post("/search", {"many": "45.1.1.1"}).status_code == 200
        viewer = viewer_of_member(the_manager())
        assert not viewer.scopes & {Scope.INDICATORS_WRITE, Scope.SIGHTINGS_WRITE}
        assert person.get("/api/v1/institutions/self").json()["read_only_since"] is not None


def test_a_page_that_is_added_later_is_closed_to_a_late_institution(house: Institution) -> None:
    guarded = ReadOnlyInstitutions(lambda _: HttpResponse("written"))
    for late, method, path, status in (
        (False, "POST", "/tomorrow", 200),
        (True, "POST", "/tomorrow", 403),
        (True, "DELETE", "/tomorrow", 403),
        (True, "GET", "/tomorrow", 200),
        (True, "POST", "/account/password", 200),
    ):
        Institution.objects.filter(pk=house.pk).update(read_only_since=DUE if late else None)
        request = RequestFactory().generic(method, path)
        request.user = the_manager()
        assert guarded(request).status_code == status, (late, method, path)


def test_confirming_opens_again_and_begins_a_new_year(house: Institution, mailbox: Mailbox) -> None:
    at(DUE)
    later = DUE + timedelta(days=3)
    with time_machine.travel(later, tick=False):
        person = Client()
        person.force_login(the_manager())
        page = person.get("/members/confirmation")
        assert page.status_code == 200
        assert person.post("/members/confirmation", {"contact_email": "cert@valbrune.fr"}).status_code == 422
        assert now(house).is_read_only, "the box was not ticked"
        told = {"contact_email": "cert@valbrune.fr", "right": "on", "state": "left", "confirmed_at": "2030-01-01"}
        assert person.post("/members/confirmation", told).status_code == 302
    fresh = now(house)
    assert (fresh.is_read_only, fresh.confirmed_at, fresh.contact_email) == (False, later, "cert@valbrune.fr")
    assert fresh.is_approved
    assert at(later + timedelta(days=334)) == [0]
    assert at(later + timedelta(days=335)) == [1]
    assert mailbox.letters(MANAGER)


@pytest.mark.parametrize("role", [Role.READER, Role.CONTRIBUTOR])
def test_only_managers_confirm(role: Role, house: Institution) -> None:
    person = Client()
    person.force_login(make_member(house, role=role))
    assert person.get("/members/confirmation").status_code == 404
    assert person.post("/members/confirmation", {"contact_email": "a@b.fr", "right": "on"}).status_code == 404
    with pytest.raises(Refusal):
        confirm(house, contact_email="a@b.fr", by=make_member(role=Role.MANAGER))


def test_let_in_again_it_has_a_new_period(house: Institution) -> None:
    at(DUE)
    at(DUE + timedelta(days=30))
    with time_machine.travel(DUE + timedelta(days=60), tick=False):
        reinstate_institution(now(house), actor=PLATFORM)
        assert sweep() == 0
    assert not now(house).is_read_only


def test_the_only_administrators_are_not_locked_out(house: Institution) -> None:
    make_member(house, administrator=True)
    at(DUE)
    assert at(DUE + timedelta(days=40)) == [0]
    assert now(house).is_approved
    assert now(house).is_read_only


def test_a_community_may_ask_nobody(house: Institution, settings: Settings) -> None:
    settings.CONFIRMATION_DAYS = 0
    assert at(DUE + timedelta(days=999)) == [0]
    assert not now(house).is_read_only


def test_partners_are_not_asked(house: Institution) -> None:
    Institution.objects.filter(pk=house.pk).update(kind=Institution.Kind.PARTNER)
    assert at(DUE + timedelta(days=999)) == [0]


def test_beat_knows_the_task() -> None:
    assert confirmations.name == "accounts.confirmations"
    assert confirmations.name in {entry["task"] for entry in app.conf.beat_schedule.values()}
