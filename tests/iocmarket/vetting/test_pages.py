"""The pages and the API of vetting: each opens to those it is for, and to nobody else."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from pytest_django import Settings

from iocmarket.accounts.models import Institution, Member
from iocmarket.accounts.roles import Role, Scope
from iocmarket.vetting.charters import publish_charter
from iocmarket.vetting.deciding import ask
from iocmarket.vetting.models import Acceptance, Application, Question, Rules, Vouch
from iocmarket.vetting.rules import current_rules
from tests.factories import make_applicant, make_institution, make_member, make_token

pytestmark = pytest.mark.django_db
LONG = "correct horse battery staple"
API = "/api/v1/institutions/applications"


def session_of(member: Member, **options: Any) -> Client:
    client = Client(**options)
    client.force_login(member)
    return client


@pytest.fixture
def administrator() -> Client:
    """Of no rank in the own institution."""
    return session_of(make_member(role=Role.READER, administrator=True))


def signing_up(*, address: str = "127.0.0.1", **extra: str) -> Any:
    """The answer to an application by the form."""
    told = {"email": "ada@lumen-ecole.fr", "password1": LONG, "password2": LONG, "name": "Ada"}
    told |= {
        "institution": "École de Lumen",
        "why": "CSIRT",
        "domains": "Lumen-Ecole.fr\n",
        "networks": "193.52.1.9/16",
    }
    return Client(REMOTE_ADDR=address).post(
        "/accounts/signup/", told | {"contact_email": "csirt@lumen-ecole.fr"} | extra
    )


# — The form —


def test_the_form_keeps_what_was_told() -> None:
    assert signing_up().status_code == 302
    application = Application.objects.select_related("member").get()
    assert (application.institution_name, application.domains, application.networks, application.contact_email) == (
        "École de Lumen",
        ["lumen-ecole.fr"],
        ["193.52.0.0/16"],
        "csirt@lumen-ecole.fr",
    )
    assert application.member.language == "fr"


@pytest.mark.parametrize(
    "wrong",
    [{"domains": "co.uk"}, {"networks": "10.0.0.0/8"}, {"contact_email": "x"}, {"why": ""}, {"domains": "a\0b"}],
)
def test_what_cannot_be_is_said_at_its_field(wrong: dict[str, str]) -> None:
    answer = signing_up(**wrong)
    assert answer.status_code == 200
    assert set(answer.context["form"].errors) == set(wrong)
    assert not Member.objects.exists()


def test_the_charter_is_accepted_in_the_version_that_was_shown() -> None:
    publisher = make_member(administrator=True)
    publish_charter(text_fr="un", text_en="one", by=publisher)
    assert signing_up().status_code == 200
    assert signing_up(charter="on").status_code == 200
    publish_charter(text_fr="deux", text_en="two", by=publisher)
    stale = signing_up(charter="on", charter_version="1")
    assert "charter" in stale.context["form"].errors
    assert 'name="charter_version" value="2"' in stale.content.decode()
    assert not Application.objects.exists()
    assert signing_up(charter="on", charter_version="2").status_code == 302
    acceptance = Acceptance.objects.get(member__email="ada@lumen-ecole.fr")
    assert acceptance.charter.version == 2


def test_one_address_applies_so_many_times_and_no_more(settings: Settings) -> None:
    settings.LIMITS = {"LIMIT_APPLICATION": "2/3600"}
    answers = [signing_up(address="203.0.113.9", email=f"a{number}@lumen-ecole.fr") for number in range(3)]
    assert [answer.status_code for answer in answers] == [302, 302, 429]
    assert int(answers[-1]["Retry-After"]) > 0
    assert Application.objects.count() == 2


def test_a_member_institution_and_an_unknown_one_are_answered_alike() -> None:
    make_institution("Université de Valbrune", domains=["univ-valbrune.fr"])
    known = signing_up(institution="Université de Valbrune", email="a@univ-valbrune.fr", domains="univ-valbrune.fr")
    unknown = signing_up(email="b@lumen-ecole.fr")
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
    pages = []
    for address in ("a@univ-valbrune.fr", "b@lumen-ecole.fr"):
        client = session_of(Member.objects.get(email=address))
        page = client.get("/account/waiting").content.decode()
        name = Application.objects.get(member__email=address).institution_name
        pages.append(page.replace(address, "").replace(name, "").split("<main")[1].split("<time")[0])
    assert pages[0] == pages[1]


# — The queue —


def test_everything_about_an_application_is_on_one_page(administrator: Client) -> None:
    application = make_applicant(
        "École de Lumen", email="ada@lumen-ecole.fr", domains=["lumen-ecole.fr"], networks=["193.52.0.0/16"], why="RSSI"
    )
    voucher = make_member(make_institution("INP Mériane"), name="Grace")
    session_of(voucher).post(f"/members/candidates/{application.public_id}/vouch", {"words": "We studied together"})
    page = administrator.get("/members/applications").content.decode()
    for text in ("École de Lumen", "ada@lumen-ecole.fr", "193.52.0.0/16", "RSSI", "INP Mériane", "Grace", "We studied"):
        assert text in page


def test_three_answers_by_the_page(administrator: Client) -> None:
    one, two, three = (make_applicant() for _each in range(3))
    path = "/members/applications/{}"
    asked = administrator.post(path.format(one.member.public_id), {"decision": "ask", "reason": "Who are you?"})
    assert asked.status_code == 302
    assert Question.objects.get().question == "Who are you?"
    refused = administrator.post(path.format(two.member.public_id), {"decision": "refuse", "reason": "Unknown"})
    assert refused.status_code == 302
    short = administrator.post(path.format(three.member.public_id), {"decision": "approve", "reason": "kept text"})
    assert short.status_code == 422
    assert "kept text" in short.content.decode()
    let_in = {"decision": "approve", "without_vouches": "on", "reason": "First of all"}
    assert administrator.post(path.format(three.member.public_id), let_in).status_code == 302
    states = [Member.objects.get(pk=each.member_id).state for each in (one, two, three)]
    assert states == ["applicant", "refused", "approved"]


def test_an_application_of_another_institution_answers_a_manager_like_one_that_is_not_there() -> None:
    application = make_applicant("École de Lumen")
    manager = session_of(make_member(role=Role.MANAGER))
    hidden = manager.post(f"/members/applications/{application.member.public_id}", {"decision": "approve"})
    absent = manager.post(f"/members/applications/{uuid4()}", {"decision": "approve"})
    assert (hidden.status_code, absent.status_code) == (404, 404)
    member = make_member(role=Role.CONTRIBUTOR)
    assert manager.post(f"/members/applications/{member.public_id}", {"decision": "approve"}).status_code == 404


def test_a_manager_lets_a_colleague_in() -> None:
    valbrune = make_institution("Université de Valbrune")
    application = make_applicant("université de valbrune")
    manager = session_of(make_member(valbrune, role=Role.MANAGER))
    assert "1" in manager.get("/").content.decode().split("/members/applications")[1][:400]
    answer = manager.post(
        f"/members/applications/{application.member.public_id}",
        {"decision": "approve", "role": "contributor", "is_administrator": "on", "institution": "x"},
    )
    assert answer.status_code == 302
    member = Member.objects.get(pk=application.member_id)
    assert (member.role, member.institution_id, member.is_administrator) == ("contributor", valbrune.pk, False)


def test_the_rules_are_the_administrators(administrator: Client) -> None:
    manager = session_of(make_member(role=Role.MANAGER))
    given = {"vouches_needed": "3", "charter_grace_days": "10"}
    assert manager.get("/members/applications/rules").status_code == 404
    assert manager.post("/members/applications/rules", given).status_code == 404
    assert (current_rules().vouches_needed, current_rules().charter_grace_days) == (2, 30)
    assert administrator.get("/members/applications/rules").status_code == 200
    for wrong in (
        {"vouches_needed": "-1"},
        {"vouches_needed": "21"},
        {"charter_grace_days": "0"},
        {"vouches_needed": ""},
    ):
        assert administrator.post("/members/applications/rules", given | wrong).status_code == 422
    assert administrator.post("/members/applications/rules", given | {"id": "7"}).status_code == 302
    assert (current_rules().vouches_needed, current_rules().charter_grace_days) == (3, 10)
    assert Rules.objects.count() == 1


# — Candidates —


def test_candidates_are_shown_to_those_who_may_vouch_and_to_nobody_else() -> None:
    application = make_applicant("École de Lumen")
    contributor = session_of(make_member())
    assert "École de Lumen" in contributor.get("/members/candidates").content.decode()
    reader = session_of(make_member(role=Role.READER))
    assert reader.get("/members/candidates").status_code == 404
    assert reader.post(f"/members/candidates/{application.public_id}/vouch", {"words": "x"}).status_code == 404
    assert not Vouch.objects.exists()


def test_vouching_and_withdrawing_by_the_page() -> None:
    application, member = make_applicant("École de Lumen"), make_member()
    client = session_of(member)
    path = f"/members/candidates/{application.public_id}"
    assert client.post(f"{path}/vouch", {"words": ""}).status_code == 422
    assert client.post(f"{path}/vouch", {"words": "known", "institution": "7", "member": "7"}).status_code == 302
    assert Vouch.objects.get().institution_id == member.institution_id
    assert client.post(f"{path}/vouch", {"words": "again"}).status_code == 422
    assert client.get(f"{path}/withdraw").status_code == 405
    assert client.post(f"{path}/withdraw").status_code == 302
    assert client.post(f"{path}/withdraw").status_code == 422
    assert client.post(f"/members/candidates/{uuid4()}/vouch", {"words": "x"}).status_code == 404


@pytest.mark.parametrize("path", ["applications/{m}", "applications/rules", "candidates/{a}/vouch", "charter"])
def test_every_act_needs_a_form_of_ours(path: str) -> None:
    application = make_applicant()
    member = make_member(role=Role.MANAGER, administrator=True)
    strict = session_of(member, enforce_csrf_checks=True)
    filled = path.format(m=application.member.public_id, a=application.public_id)
    assert strict.post(f"/members/{filled}", {"decision": "refuse", "reason": "x", "words": "x"}).status_code == 403
    assert not Vouch.objects.exists()


# — The waiting page —


def test_a_question_is_answered_on_the_waiting_page() -> None:
    application = make_applicant()
    question = ask(application.member, by=make_member(administrator=True), question="Who is your CISO?")
    path = f"/account/waiting/questions/{question.public_id}"
    stranger = session_of(make_applicant().member)
    assert stranger.post(path, {"words": "Eve"}).status_code == 404
    client = session_of(application.member)
    assert "Who is your CISO?" in client.get("/account/waiting").content.decode()
    assert client.post(path, {"words": " "}).status_code == 422
    assert client.post(path, {"words": "Bob"}).status_code == 302
    assert client.post(path, {"words": "Eve"}).status_code == 422
    question.refresh_from_db()
    assert question.answer == "Bob"


# — The API —


def test_the_queue_by_the_api(administrator: Client) -> None:
    application = make_applicant("École de Lumen", email="ada@lumen-ecole.fr", domains=["lumen-ecole.fr"])
    (found,) = administrator.get(API).json()["applications"]
    assert (found["id"], found["email"], found["vouches_missing"], found["new_institution"]) == (
        str(application.member.public_id), "ada@lumen-ecole.fr", 2, True,
    )  # fmt: skip
    assert administrator.get(f"{API}?x=1").status_code == 400


def test_an_answer_by_the_api(administrator: Client) -> None:
    application = make_applicant("École de Lumen")
    path = f"{API}/{application.member.public_id}"

    def send(**body: object) -> Any:
        return administrator.post(path, body, content_type="application/json")

    assert send(decision="approve").json()["code"] == "vouches_missing"
    assert send(decision="perhaps").status_code == 422
    assert send(decision="refuse", reason="x", state="approved").json()["code"] == "unknown_field"
    assert administrator.post(path, "[]", content_type="application/json").status_code == 422
    done = send(decision="approve", without_vouches=True, reason="First of all")
    assert (done.status_code, done.json()["state"]) == (200, "approved")
    again = send(decision="refuse", reason="x")
    assert (again.status_code, again.json()["code"]) == (409, "already_decided")


def test_a_manager_has_the_own_people_in_the_api_alone() -> None:
    valbrune = make_institution("Université de Valbrune")
    own, other = make_applicant("Université de Valbrune"), make_applicant("École de Lumen")
    manager = session_of(make_member(valbrune, role=Role.MANAGER))
    assert [found["id"] for found in manager.get(API).json()["applications"]] == [str(own.member.public_id)]
    body = {"decision": "refuse", "reason": "x"}
    hidden = manager.post(f"{API}/{other.member.public_id}", body, content_type="application/json")
    absent = manager.post(f"{API}/{uuid4()}", body, content_type="application/json")
    assert hidden.status_code == absent.status_code == 404
    assert hidden.content == absent.content


def test_no_token_and_no_other_person_reads_or_answers_applications() -> None:
    application = make_applicant()
    path = f"{API}/{application.member.public_id}"
    for role in (Role.READER, Role.CONTRIBUTOR):
        assert session_of(make_member(role=role)).get(API).status_code == 403
    institution = Institution.objects.filter(state=Institution.State.APPROVED).first()
    assert institution is not None
    machine = Client(headers={"Authorization": make_token(institution, scopes=list(Scope))})
    assert machine.get(API).status_code == 403
    assert machine.post(path, {"decision": "approve"}, content_type="application/json").status_code == 403
    assert Client().get(API).status_code == 401
    strict = session_of(make_member(administrator=True), enforce_csrf_checks=True)
    assert strict.post(path, {"decision": "refuse", "reason": "x"}, content_type="application/json").status_code == 403
    assert Member.objects.get(pk=application.member_id).state == Member.State.APPLICANT
