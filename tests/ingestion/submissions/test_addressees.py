"""To whom a submission is told: circles that the sender is in, persons for TLP:RED; and who reads it again."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from ingestion.submissions.models import Submission
from iocmarket.accounts.circles import create_circle
from iocmarket.accounts.models import Circle, Institution, Member
from iocmarket.audit.services import PLATFORM
from iocmarket.indicators.joining import join_circle
from iocmarket.indicators.models import Contribution
from iocmarket.kernel.marking import PAP, TLP
from tests.factories import make_institution, make_member, publish
from tests.ingestion.submissions.conftest import Sender

pytestmark = pytest.mark.django_db
VALUE = "45.1.2.3"


@pytest.fixture
def circle(sender: Sender) -> Circle:
    """A circle with the sender and one more institution in it."""
    made = create_circle(name="Veille", founder=sender.institution, actor=PLATFORM)
    join_circle(made, make_institution("Autre"), actor=PLATFORM)
    return made


def held() -> Contribution:
    """The one statement that stands."""
    return Contribution.unscoped.get(withdrawn_at__isnull=True)


def session(member: Member) -> Client:
    """A person's own session."""
    client = Client()
    client.force_login(member)
    return client


def send(client: Client, *values: Any, **defaults: Any) -> Any:
    """Submit over the API, in a session."""
    body = json.dumps({"defaults": defaults, "indicators": list(values)})
    return client.post("/api/v1/submissions", body, content_type="application/json")


@pytest.fixture
def person() -> Member:
    """Somebody who may share."""
    return make_member(email="moi@valbrune.fr")


@pytest.fixture
def named() -> Member:
    """Somebody elsewhere."""
    return make_member(email="elle@autre.fr")


def institution(member: Member) -> Institution:
    """Where the person works."""
    assert member.institution is not None
    return member.institution


def test_a_circle_is_addressed_by_name_or_id(sender: Sender, circle: Circle) -> None:
    for name in ("veille", str(circle.public_id)):
        assert sender.json(VALUE, defaults={"audience": "circle", "circle": name}).status_code == 201
        assert (held().audience, held().circle) == ("circle", circle)
    assert sender.text(VALUE, "?audience=circle&circle=Veille").status_code == 201


def test_a_circle_of_others_is_none(sender: Sender) -> None:
    create_circle(name="Veille", founder=make_institution(), actor=PLATFORM)
    answers = [sender.json(VALUE, defaults={"audience": "circle", "circle": name}) for name in ("Veille", "Rien")]
    first, second = (answer.json() for answer in answers)
    assert [answer.status_code for answer in answers] == [422, 422]
    assert first["code"] == second["code"] == "unknown_circle"
    assert first["detail"].replace("Veille", "Rien") == second["detail"]


def test_a_circle_is_read_in_its_own_collection(sender: Sender, circle: Circle) -> None:
    sender.json(VALUE, defaults={"audience": "circle", "circle": "Veille"})
    publish()
    collections = sender.client.get("/taxii2/api/collections/").json()["collections"]
    (mine,) = [found for found in collections if found["title"] == "Cercle Veille"]
    objects = sender.client.get(f"/taxii2/api/collections/{mine['id']}/objects/").json()["objects"]
    assert [found["name"] for found in objects if found["type"] == "indicator"] == [VALUE]
    outside = Sender()
    publish()
    assert len(outside.client.get("/taxii2/api/collections/").json()["collections"]) == len(collections) - 1
    assert outside.client.get(f"/taxii2/api/collections/{mine['id']}/objects/").status_code == 404


def test_red_names_persons_and_is_said_in_a_session(person: Member, named: Member) -> None:
    answer = send(session(person), VALUE, tlp="RED", audience="recipients", recipients=["ELLE@autre.fr"])
    assert answer.status_code == 201, answer.json()
    row = held()
    assert (row.tlp, row.recipients, row.named_members, row.author_id) == (TLP.RED, [], [named.pk], person.pk)
    nobody = send(session(person), VALUE, tlp="RED", audience="recipients", recipients=["nobody@example.org"])
    assert (nobody.status_code, nobody.json()["code"]) == (422, "unknown_member")


def test_what_one_person_says_in_red_does_not_exist_for_the_colleagues(person: Member, named: Member) -> None:
    sent = send(session(person), VALUE, tlp="RED", audience="recipients", recipients=[named.email]).json()
    colleague = session(make_member(institution(person)))
    for path in (f"/api/v1/submissions/{sent['id']}", f"/share/{sent['id']}"):
        assert session(person).get(path).status_code == 200
        assert colleague.get(path).status_code == 404
    answer = send(colleague, VALUE).json()
    assert [item["status"] for item in answer["items"]] == ["accepted"]
    assert answer["items"][0].get("known") in (0, False, None)
    assert Contribution.unscoped.count() == 2
    again = send(session(person), VALUE, tlp="RED", audience="recipients", recipients=[named.email]).json()
    assert [item["status"] for item in again["items"]] == ["refreshed"]
    assert Contribution.unscoped.count() == 2


def test_the_same_value_may_be_told_to_persons_and_to_the_community_at_once(person: Member, named: Member) -> None:
    red = {"value": VALUE, "tlp": "RED", "audience": "recipients", "recipients": [named.email]}
    answer = send(session(person), VALUE, red).json()
    assert [item["status"] for item in answer["items"]] == ["accepted", "accepted"]
    assert sorted(Contribution.unscoped.values_list("tlp", flat=True)) == [TLP.AMBER, TLP.RED]
    assert Submission.objects.get().in_person


def test_a_red_report_is_beside_the_institutions_report_of_that_title(person: Member) -> None:
    for defaults in ({"tlp": "RED", "audience": "own"}, {}):
        body = json.dumps({"defaults": defaults, "report": {"title": "Affaire"}, "indicators": [VALUE]})
        answer = session(person).post("/api/v1/submissions", body, content_type="application/json")
        assert answer.status_code == 201
    rows = {row.tlp: row.report for row in Contribution.unscoped.select_related("report")}
    assert rows[TLP.RED] != rows[TLP.AMBER]
    assert {row.tlp for row in rows.values() if row} == {TLP.RED, TLP.AMBER}


def test_a_statement_is_amended_over_the_api(sender: Sender, circle: Circle) -> None:
    sender.json(VALUE, defaults={"pap": "RED", "tlp": "AMBER+STRICT"})
    path = f"/api/v1/contributions/{held().public_id}"

    def patch(**changes: Any) -> Any:
        return sender.client.patch(path, json.dumps(changes), content_type="application/json")

    answer = patch(tlp="GREEN", pap="CLEAR", confidence=90, comment="vérifié", tags=["apt"], anonymous=True)
    assert answer.status_code == 200, answer.json()
    row = held()
    assert (row.tlp, row.pap, row.confidence, row.comment) == (TLP.GREEN, PAP.CLEAR, 90, "vérifié")
    assert (row.tags, row.anonymous, row.audience) == (["apt"], True, "community")
    assert patch(audience="circle", circle="Veille").json()["audience"] == "circle"
    assert held().circle == circle
    assert patch(confidence=80).status_code == 200
    assert held().circle == circle
    assert patch(valid_until="2099-01-01T00:00:00Z").status_code == 200
    assert held().valid_until is not None
    assert patch(valid_until=None).status_code == 200
    assert held().valid_until is None


@pytest.mark.parametrize(
    ("changes", "code", "where"),
    [
        ({"tlp": "PINK"}, "unknown_tlp", "/tlp"),
        ({"nonsense": 1}, "unknown_field", "/nonsense"),
        ({"audience": "recipients"}, "recipients_missing", "/recipients"),
        ({"audience": "circle", "circle": "Rien"}, "unknown_circle", "/circle"),
        ({"tlp": "RED", "audience": "own"}, "red_needs_a_person", "/tlp"),
    ],
)
def test_an_amendment_that_cannot_be_meant_changes_nothing(
    sender: Sender, changes: dict[str, Any], code: str, where: str
) -> None:
    sender.json(VALUE)
    before = Contribution.unscoped.values().get()
    path = f"/api/v1/contributions/{before['public_id']}"
    answer = sender.client.patch(path, json.dumps(changes), content_type="application/json")
    assert (answer.status_code, answer.json()["code"], answer.json()["where"]) == (422, code, where)
    assert Contribution.unscoped.values().get() == before


def test_another_institutions_statement_is_not_there_to_be_amended(sender: Sender) -> None:
    sender.json(VALUE)
    path = f"/api/v1/contributions/{held().public_id}"
    answer = Sender().client.patch(path, json.dumps({"tlp": "CLEAR"}), content_type="application/json")
    assert answer.status_code == 404


def test_the_form_tells_a_circle_and_persons(person: Member, named: Member) -> None:
    made = create_circle(name="Veille", founder=institution(person), actor=PLATFORM)
    client = session(person)
    common = {"text": VALUE, "pap": "green", "threat_type": "scan"}

    def share(**choices: str) -> Any:
        looked = client.post("/share", {**common, **choices})
        return client.post("/share", {**common, **choices, "act": "share", "seen": looked.context["seen"]}, follow=True)

    assert share(tlp="amber", audience="circle", circle=str(made.public_id)).status_code == 200
    assert held().circle == made
    assert share(tlp="red", audience="community", persons=f"{named.email}\n").status_code == 200
    assert Contribution.unscoped.get(tlp=TLP.RED).named_members == [named.pk]


@pytest.mark.parametrize(("others", "warned"), [(3, True), (4, False)])
def test_leaving_the_name_out_among_few_is_warned_of(sender: Sender, others: int, warned: bool) -> None:
    for _ in range(others):
        make_institution()
    (item,) = sender.json(VALUE, defaults={"anonymous": True}).json()["items"]
    assert ("anonymous_among_few" in item["warnings"]) is warned
    (item,) = sender.json("45.1.2.9", defaults={"anonymous": True, "audience": "own"}).json()["items"]
    assert "anonymous_among_few" not in item["warnings"]


def test_a_circle_of_two_hides_nobody(sender: Sender, circle: Circle) -> None:
    for _ in range(5):
        make_institution()
    said = {"anonymous": True, "audience": "circle", "circle": circle.name}
    (item,) = sender.json(VALUE, defaults=said).json()["items"]
    assert "anonymous_among_few" in item["warnings"]
