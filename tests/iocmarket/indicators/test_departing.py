"""An institution leaves: its keys end, its circles are left, what it said stays unless it takes it back."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from iocmarket.accounts.circles import create_circle
from iocmarket.accounts.models import Institution, Invitation
from iocmarket.accounts.roles import Role
from iocmarket.audit.models import Event
from iocmarket.audit.services import PLATFORM
from iocmarket.celery import app
from iocmarket.indicators import settling, tasks
from iocmarket.indicators.assets import guarding
from iocmarket.indicators.departing import leave_community
from iocmarket.indicators.joining import join_circle
from iocmarket.indicators.models import Contribution, Sighting
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.marking import TLP
from iocmarket.kernel.turns import STALE_SECONDS, SWEEP_SECONDS, TURN_SECONDS
from iocmarket.publication.access import statements_of
from tests.factories import contribute, make_institution, make_member, make_token, publish, report, viewer_for

pytestmark = pytest.mark.django_db


def told_to(institution: Institution) -> set[str]:
    """The values that an institution reads."""
    return {entry.indicator.value for entry in statements_of(viewer_for(institution)) if entry.indicator}


@pytest.mark.parametrize("withdraw", [False, True])
def test_what_it_said_stays_or_is_withdrawn_as_it_chooses(withdraw: bool) -> None:
    mine, theirs = make_institution(), make_institution()
    circle = create_circle(name="Sud", founder=mine, actor=PLATFORM)
    join_circle(circle, theirs, actor=PLATFORM)
    contribute(mine, "45.1.1.1")
    contribute(mine, "45.1.1.2", audience="circle", circle=circle)
    contribute(mine, "45.1.1.3", audience="recipients", recipients=[theirs])
    contribute(mine, "45.1.1.4", tlp=TLP.RED, audience="own", author=make_member(mine))
    other = contribute(theirs, "45.1.1.5")
    report(mine, other)
    publish()
    assert told_to(theirs) == {"45.1.1.1", "45.1.1.2", "45.1.1.3", "45.1.1.5"}
    leave_community(mine, withdraw=withdraw, actor=PLATFORM)
    publish()
    kept = set() if withdraw else {"45.1.1.1", "45.1.1.3"}
    assert told_to(theirs) == {"45.1.1.5"} | kept, "what was said in the circle is taken back with the circle"
    standing = Contribution.unscoped.filter(institution=mine, withdrawn_at__isnull=True).count()
    assert standing == (0 if withdraw else 3)
    assert Sighting.unscoped.filter(institution=mine, withdrawn_at__isnull=True).count() == (0 if withdraw else 1)
    assert not circle.institutions.filter(pk=mine.pk).exists()


def test_its_people_machines_and_invitations_are_out() -> None:
    mine = make_institution(domains=["valbrune.fr"])
    manager = make_member(mine, role=Role.MANAGER)
    person, machine = Client(), Client(headers={"Authorization": f"Bearer {make_token(mine)}"})
    person.force_login(manager)
    publish()
    assert (person.get("/").status_code, machine.get("/feeds/csv").status_code) == (200, 200)
    assert "valbrune.fr" in guarding().assets.domains
    page = person.post("/members/departure", {"statements": "keep", "name": "something else"})
    assert page.status_code == 422
    assert Institution.objects.get(pk=mine.pk).is_approved
    answer = person.post("/members/departure", {"statements": "keep", "name": mine.name})
    assert answer.status_code == 302
    assert person.get("/")["Location"].startswith("/accounts/login/")
    assert machine.get("/feeds/csv").status_code == 401
    assert "valbrune.fr" not in guarding().assets.domains
    assert not Invitation.objects.filter(institution=mine, revoked_at__isnull=True).exists()
    told = Event.objects.get(action="institution.left")
    assert (told.actor_id, told.details["withdrawn"]) == (manager.pk, 0)
    with pytest.raises(Refusal, match="not_approved"):
        leave_community(mine, actor=PLATFORM)


@pytest.mark.parametrize("role", [Role.READER, Role.CONTRIBUTOR])
def test_only_a_manager_takes_the_institution_out(role: Role) -> None:
    member = make_member(role=role)
    person = Client()
    person.force_login(member)
    assert member.institution is not None
    told = {"statements": "keep", "name": member.institution.name}
    assert person.post("/members/departure", told).status_code == 404
    assert Institution.objects.get(pk=member.institution.pk).is_approved


def test_the_administrators_institution_stays_while_they_are_the_only_ones() -> None:
    mine = make_institution()
    make_member(mine, administrator=True)
    with pytest.raises(Refusal, match="last_administrator"):
        leave_community(mine, actor=PLATFORM)


def test_administrators_alone_open_the_page_of_an_institution() -> None:
    mine, theirs = make_institution(), make_institution()
    manager, administrator = Client(), Client()
    manager.force_login(make_member(mine, role=Role.MANAGER))
    administrator.force_login(make_member(role=Role.READER, administrator=True))
    base = f"/members/institutions/{theirs.public_id}"
    told = {"reason": "charter", "statements": "keep", "name": theirs.name, "target": str(mine.public_id)}
    assert manager.get(base).status_code == 404
    for act in ("suspend", "reinstate", "leave", "merge"):
        assert manager.post(f"{base}/{act}", told).status_code == 404
    assert Institution.objects.get(pk=theirs.pk).is_approved
    assert administrator.get(base).status_code == 200
    assert administrator.post(f"{base}/suspend", {"reason": ""}).status_code == 422
    assert administrator.post(f"{base}/suspend", told).status_code == 302
    assert Institution.objects.get(pk=theirs.pk).state == Institution.State.SUSPENDED
    assert administrator.post(f"{base}/reinstate").status_code == 302
    assert Institution.objects.get(pk=theirs.pk).is_approved
    assert administrator.post(f"{base}/merge", told).status_code == 302
    ended = Institution.objects.get(pk=theirs.pk)
    assert (ended.state, ended.merged_into) == (Institution.State.LEFT, mine)
    assert administrator.get(base).status_code == 200


@pytest.mark.parametrize("withdraw", [False, True])
def test_of_much_that_it_said_the_worker_takes_back_the_rest(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any, withdraw: bool
) -> None:
    mine, theirs = make_institution(), make_institution()
    circle = create_circle(name="Sud", founder=mine, actor=PLATFORM)
    for number in range(3):
        contribute(mine, f"45.1.1.{number}")
        contribute(mine, f"45.1.2.{number}", audience="circle", circle=circle)
    report(mine, contribute(theirs, "45.1.3.1"))
    asked: list[int] = []
    monkeypatch.setattr(tasks.settle, "delay", asked.append)
    monkeypatch.setattr(settling, "CHUNK", 2)
    with django_capture_on_commit_callbacks(execute=True):
        leave_community(mine, withdraw=withdraw, actor=PLATFORM)
    assert asked == settling.unsettled() != []
    assert Contribution.unscoped.filter(institution=mine, withdrawn_at__isnull=True).count() == 4
    chunks = 0
    while settling.take_chunk(asked[0], limit=2):
        chunks += 1
    assert chunks == (3 if withdraw else 1)
    standing = Contribution.unscoped.filter(institution=mine, withdrawn_at__isnull=True)
    assert standing.count() == (0 if withdraw else 3)
    assert not standing.filter(circle__isnull=False).exists()
    publish()
    assert len(told_to(theirs)) == (1 if withdraw else 4)
    assert Event.objects.filter(action="institution.settled").count() == 1
    assert not settling.take_chunk(asked[0]), "twice changes nothing"


def test_what_no_message_reached_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = make_institution()
    for number in range(3):
        contribute(mine, f"45.1.1.{number}")
    monkeypatch.setattr(settling, "CHUNK", 1)
    leave_community(mine, withdraw=True, actor=PLATFORM)
    monkeypatch.setattr(tasks.settle, "apply_async", lambda arguments, **_: tasks.settle.run(*arguments))
    assert tasks.settle_all() == 1
    assert not settling.unsettled()
    assert not Contribution.unscoped.filter(institution=mine, withdrawn_at__isnull=True).exists()


def test_what_is_asked_of_the_worker_does_not_add_up_however_long_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[tuple[int, float], float]] = []
    said = [make_institution() for _ in range(2)]
    monkeypatch.setattr(settling, "CHUNK", 1)
    for number, mine in enumerate(said):
        for last in range(4):
            contribute(mine, f"45.1.{number}.{last}")
        leave_community(mine, withdraw=True, actor=PLATFORM)
    monkeypatch.setattr(
        tasks.settle, "apply_async", lambda arguments, *, expires: asked.append((tuple(arguments), expires))
    )
    monkeypatch.setattr(tasks.settle, "delay", lambda *_: pytest.fail("a turn asks for no other"))
    assert tasks.settle_all() == 2
    turns = list(asked)
    for (pk, _seconds), _expires in turns:
        tasks.settle.run(pk, seconds=0.0)
    assert asked == turns, "a turn that leaves something over asks for nothing: the next sweep does"
    assert settling.unsettled() == [pk for (pk, _), _ in turns]
    assert sum(seconds for (_, seconds), _ in turns) == TURN_SECONDS <= SWEEP_SECONDS
    assert {expires for _, expires in turns} == {STALE_SECONDS}
    schedule = app.conf.beat_schedule["indicators.settle_all"]
    assert schedule["options"]["expires"] == STALE_SECONDS
