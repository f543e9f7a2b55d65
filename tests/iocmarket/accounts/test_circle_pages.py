"""The pages and the API of circles: what others have does not exist, whatever is asked of it."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from iocmarket.accounts import circle_invitations as invitations
from iocmarket.accounts import circles
from iocmarket.accounts.circle_pages import ACTS
from iocmarket.accounts.models import Circle, CircleInvitation, Institution
from iocmarket.accounts.roles import Role, Scope
from iocmarket.audit.services import PLATFORM
from tests.factories import make_institution, make_member, make_token

pytestmark = pytest.mark.django_db


class House:
    """An institution with a manager, a reader and a token that manages."""

    def __init__(self, name: str) -> None:
        self.institution = make_institution(name)
        self.manager, self.reader = Client(), Client()
        self.manager.force_login(make_member(self.institution, role=Role.MANAGER))
        self.reader.force_login(make_member(self.institution, role=Role.READER))
        secret = make_token(self.institution, scopes=[Scope.INSTITUTION_ADMIN])
        self.machine = Client(headers={"Authorization": f"Bearer {secret}"})

    def send(self, method: str, path: str, body: Any = None) -> Any:
        return self.machine.generic(method, path, json.dumps(body), content_type="application/json")


@pytest.fixture
def mine() -> House:
    return House("Université de Valbrune")


@pytest.fixture
def theirs() -> House:
    return House("INP Mériane")


@pytest.fixture
def circle(mine: House) -> Circle:
    return circles.create_circle(name="Veille du Nord", founder=mine.institution, actor=PLATFORM)


def test_from_the_first_click_to_the_last(mine: House, theirs: House) -> None:
    made = mine.manager.post("/circles", {"name": "Veille du Nord"}, follow=True)
    circle = Circle.objects.get()
    assert made.redirect_chain == [(f"/circles/{circle.public_id}", 302)]
    page = f"/circles/{circle.public_id}"
    mine.manager.post(f"{page}/invite", {"institution": theirs.institution.public_id})
    listed = theirs.manager.get("/circles").content.decode()
    assert "Veille du Nord" in listed
    assert "Université de Valbrune" in listed
    assert theirs.manager.get(page).status_code == 404
    invitation = CircleInvitation.objects.get()
    theirs.manager.post(f"/circles/invitations/{invitation.public_id}", {"answer": "accept"})
    assert theirs.reader.get(page).status_code == 200
    mine.manager.post(f"{page}/appoint", {"institution": theirs.institution.public_id})
    mine.manager.post(f"{page}/step-down")
    assert circles.managing(circle) == {theirs.institution.pk}
    mine.manager.post(f"{page}/leave")
    assert mine.manager.get(page).status_code == 404
    theirs.manager.post(f"{page}/dissolve")
    assert "Veille du Nord" not in theirs.manager.get("/circles", follow=True).content.decode().split("</header>")[0]
    assert not circle.memberships.exists()


def test_the_same_by_machine(mine: House, theirs: House) -> None:
    made = mine.send("POST", "/api/v1/circles", {"name": "Veille du Nord"})
    assert made.status_code == 201
    path = f"/api/v1/circles/{made.json()['id']}"
    assert mine.send("PATCH", path, {"name": "Veille du Sud"}).json()["name"] == "Veille du Sud"
    asked = mine.send("POST", f"{path}/invitations", {"institution": "inp mériane"})
    assert asked.status_code == 201
    assert [each["institution"]["name"] for each in asked.json()["invitations"]] == ["INP Mériane"]
    assert theirs.machine.get(path).status_code == 404
    [question] = theirs.machine.get("/api/v1/circles").json()["invitations"]
    assert (question["circle"], question["members"][0]["name"]) == ("Veille du Sud", "Université de Valbrune")
    answered = theirs.send("POST", f"/api/v1/circles/invitations/{question['id']}", {"accept": True})
    assert {each["name"] for each in answered.json()["members"]} == {"Université de Valbrune", "INP Mériane"}
    other = f"{path}/members/{theirs.institution.public_id}"
    assert theirs.send("DELETE", f"{path}/members/{mine.institution.public_id}").status_code == 403
    assert mine.send("PATCH", other, {"manages": True}).json()["members"][1]["manages"]
    assert theirs.send("PATCH", other, {"manages": False}).status_code == 200
    assert mine.send("DELETE", other).json() == {"taken_back": 0}
    assert theirs.machine.get(path).status_code == 404
    assert mine.send("POST", f"{path}/leave").json() == {"taken_back": 0}
    assert mine.machine.get("/api/v1/circles").json() == {"circles": [], "invitations": []}


def test_an_invitation_is_declined_or_taken_back_by_machine(mine: House, theirs: House, circle: Circle) -> None:
    path = f"/api/v1/circles/{circle.public_id}/invitations"
    for answer in ("declined", "withdrawn"):
        [asked] = mine.send("POST", path, {"institution": str(theirs.institution.public_id)}).json()["invitations"]
        if answer == "declined":
            told = theirs.send("POST", f"/api/v1/circles/invitations/{asked['id']}", {"accept": False})
        else:
            assert theirs.send("DELETE", f"{path}/{asked['id']}").status_code == 404
            told = mine.send("DELETE", f"{path}/{asked['id']}")
        assert told.status_code == 204
        assert not CircleInvitation.objects.exists()


def told(answer: Any) -> tuple[int, bytes]:
    return answer.status_code, answer.content


def test_a_circle_of_others_answers_as_none(mine: House, theirs: House, circle: Circle) -> None:
    """Status and body are those of an id that was made up, whatever is tried."""
    invitation = invitations.invite(circle, make_institution(), institution=mine.institution, actor=PLATFORM)
    nothing, member = uuid4(), theirs.institution.public_id
    for method, path, body in (
        ("GET", "", None),
        ("PATCH", "", {"name": "x"}),
        ("DELETE", "", None),
        ("POST", "/leave", None),
        ("POST", "/invitations", {"institution": "INP Mériane"}),
        ("DELETE", f"/invitations/{invitation.public_id}", None),
        ("PATCH", f"/members/{member}", {"manages": True}),
        ("DELETE", f"/members/{mine.institution.public_id}", None),
    ):
        real = theirs.send(method, f"/api/v1/circles/{circle.public_id}{path}", body)
        assert real.status_code == 404, (method, path)
        assert told(real) == told(theirs.send(method, f"/api/v1/circles/{nothing}{path}", body))
    answer = theirs.send("POST", f"/api/v1/circles/invitations/{invitation.public_id}", {"accept": True})
    assert answer.status_code == 404
    for act in ACTS:
        assert theirs.manager.post(f"/circles/{circle.public_id}/{act}", {"name": "x"}).status_code == 404
    assert theirs.manager.get(f"/circles/{circle.public_id}").status_code == 404
    assert theirs.manager.post(f"/circles/invitations/{invitation.public_id}", {"answer": "accept"}).status_code == 404
    assert theirs.machine.get("/api/v1/circles").json() == {"circles": [], "invitations": []}
    assert circle.memberships.count() == 1


def test_a_name_that_others_use_is_free(theirs: House, circle: Circle) -> None:
    assert theirs.send("POST", "/api/v1/circles", {"name": circle.name}).status_code == 201
    twice = theirs.send("POST", "/api/v1/circles", {"name": circle.name.upper()})
    assert (twice.status_code, twice.json()["code"]) == (422, "circle_exists")
    assert theirs.manager.post("/circles", {"name": circle.name}).status_code == 422


def test_readers_look_and_change_nothing(mine: House, circle: Circle) -> None:
    page = f"/circles/{circle.public_id}"
    assert mine.reader.get(page).status_code == 200
    assert mine.reader.get("/circles").status_code == 200
    assert mine.reader.post("/circles", {"name": "Autre"}).status_code == 404
    for act in ACTS:
        assert mine.reader.post(f"{page}/{act}", {"name": "Autre"}).status_code == 404
    assert Circle.objects.get().name == "Veille du Nord"
    assert circle.memberships.count() == 1


def test_the_circle_in_the_path_decides_not_the_one_in_the_body(mine: House, theirs: House, circle: Circle) -> None:
    """Authorised on the own circle, nothing of another one changes (invitation, member)."""
    foreign = circles.create_circle(name="Ailleurs", founder=theirs.institution, actor=PLATFORM)
    third = make_institution()
    asked = invitations.invite(foreign, third, institution=theirs.institution, actor=PLATFORM)
    page = f"/circles/{circle.public_id}"
    assert mine.manager.post(f"{page}/withdraw", {"invitation": asked.public_id}).status_code == 404
    assert mine.send("DELETE", f"/api/v1{page}/invitations/{asked.public_id}").status_code == 404
    for act in ("remove", "appoint"):
        body = {"institution": theirs.institution.public_id, "circle": foreign.public_id}
        assert mine.manager.post(f"{page}/{act}", body).status_code == 404
    assert CircleInvitation.objects.filter(pk=asked.pk).exists()
    assert foreign.memberships.count() == 1


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "required"),
        ({"name": 7}, "invalid"),
        (["name"], "not_an_object"),
        ({"name": "x", "public_id": str(uuid4())}, "unknown_field"),
        ({"name": "a\x00b"}, "nul_character"),
        ({"name": "x" * 121}, "max_length"),
        ({"name": "  "}, "blank"),
    ],
)
def test_bodies_are_read_exactly(mine: House, body: Any, code: str) -> None:
    answer = mine.send("POST", "/api/v1/circles", body)
    assert answer.status_code in {400, 422}
    assert answer.json()["code"] == code
    assert not Circle.objects.exists()


def test_get_changes_nothing(mine: House, circle: Circle) -> None:
    for act in ACTS:
        assert mine.manager.get(f"/circles/{circle.public_id}/{act}").status_code == 405
    assert circle.memberships.count() == 1


def test_an_institution_that_is_out_reads_nothing(mine: House, circle: Circle) -> None:
    Institution.objects.filter(pk=mine.institution.pk).update(state=Institution.State.SUSPENDED)
    assert mine.machine.get(f"/api/v1/circles/{circle.public_id}").status_code == 401
    assert mine.manager.get("/circles").status_code == 302
