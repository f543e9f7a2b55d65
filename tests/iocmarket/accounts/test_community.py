"""How a person comes in: apply, wait, be approved or refused, log in; and what others may not do on the way."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from iocmarket.accounts.models import Institution, Member
from iocmarket.accounts.roles import Role
from iocmarket.audit.models import Event
from iocmarket.audit.services import PLATFORM
from iocmarket.vetting.rules import change_rules
from tests.factories import PASSWORD, make_institution, make_member

pytestmark = pytest.mark.django_db
LONG = "correct horse battery staple"
APPLICATION = {
    "email": "Ada@Valbrune.fr",
    "password1": LONG,
    "password2": LONG,
    "name": "Ada",
    "institution": "Université de Valbrune",
    "why": "CSIRT, known to INP Mériane",
}
TOKEN = {"name": "Sonde-7", "scopes": ["feeds:read"], "tlp_ceiling": "3", "operated_by": "self", "days": "0"}
PAGES = ("/", "/share", "/search?q=evil.fr", "/account/tokens", "/members/applications")


@pytest.fixture(autouse=True)
def _no_vouch_needed(db: None) -> None:
    """What vouches are for is told in tests/iocmarket/vetting."""
    change_rules(vouches_needed=0, charter_grace_days=30, actor=PLATFORM)


def sign_up(**extra: str) -> tuple[Client, Any]:
    """A browser in which somebody has applied, confirmed the address and logged in; the last answer."""
    client = Client()
    answer = client.post("/accounts/signup/", APPLICATION | extra)
    if answer.status_code != 302:
        return client, answer
    EmailAddress.objects.update(verified=True)
    return client, client.post("/accounts/login/", {"login": "ada@valbrune.fr", "password": LONG})


def logged_in(member: Member) -> Client:
    """A browser of that member."""
    client = Client()
    assert client.post("/accounts/login/", {"login": member.email, "password": PASSWORD}).status_code == 302
    return client


@pytest.fixture
def administrator() -> Client:
    """A browser of an administrator."""
    return logged_in(make_member(make_institution("INP Mériane"), administrator=True, role=Role.MANAGER))


def the_applicant() -> Member:
    """Who signed up."""
    return Member.objects.select_related("institution").get(email="ada@valbrune.fr")


def decide(client: Client, **data: str) -> Any:
    """The answer that a browser gives to the applicant."""
    return client.post(f"/members/applications/{the_applicant().public_id}", data)


def test_an_applicant_is_told_to_wait_and_sees_nothing_else() -> None:
    client, answer = sign_up()
    assert answer.status_code == 302
    assert answer["Location"] == "/account/waiting"
    assert client.get("/account/waiting").status_code == 200
    for page in PAGES:
        assert client.get(page)["Location"] == "/account/waiting", page
    assert client.get(f"/api/v1/submissions/{uuid4()}").status_code == 401
    assert client.get("/feeds/csv").status_code == 401
    assert client.get("/taxii2/").status_code == 401


def test_an_applicant_writes_nothing() -> None:
    client, _ = sign_up()
    assert client.post("/share", {"text": "1.2.3.4", "act": "share"})["Location"] == "/account/waiting"
    assert client.post("/account/tokens", {"name": "x"})["Location"] == "/account/waiting"
    assert client.post("/api/v1/submissions", "{}", content_type="application/json").status_code == 401


def test_an_applicant_of_an_approved_institution_waits_like_any_other() -> None:
    make_institution("Université de Valbrune")
    client, _ = sign_up()
    assert not the_applicant().is_approved
    assert client.get("/")["Location"] == "/account/waiting"


def test_an_unknown_institution_is_kept_as_applied() -> None:
    sign_up()
    institution = Institution.objects.get(name="Université de Valbrune")
    assert institution.state == Institution.State.APPLIED


@pytest.mark.parametrize(
    "smuggled",
    [
        {"role": "manager"},
        {"is_administrator": "on"},
        {"is_administrator": "True", "is_staff": "True", "is_superuser": "True"},
        {"state": "approved"},
        {"is_active": "1", "id": "1", "pk": "1", "public_id": "00000000-0000-4000-8000-000000000000"},
        {"institution_id": "1", "institution.state": "approved", "decided_reason": "in"},
    ],
)
def test_an_application_cannot_grant_itself_anything(smuggled: dict[str, str]) -> None:
    make_institution("INP Mériane")
    client, _ = sign_up(**smuggled)
    member = the_applicant()
    assert (member.state, member.role) == (Member.State.APPLICANT, Role.READER)
    assert not member.is_administrator
    assert not member.is_superuser
    assert member.decided_reason == ""
    assert member.institution is not None
    assert member.institution.name == "Université de Valbrune"
    assert member.institution.state == Institution.State.APPLIED
    assert str(member.public_id) != "00000000-0000-4000-8000-000000000000"
    assert client.get("/")["Location"] == "/account/waiting"


@pytest.mark.parametrize("missing", ["email", "password1", "name", "institution", "why"])
def test_an_application_is_complete_or_none(missing: str) -> None:
    _, answer = sign_up(**{missing: ""})
    assert answer.status_code == 200
    assert not Member.objects.exists()
    assert not Institution.objects.exists()


@pytest.mark.parametrize("password", ["short", "12345678901234", "1q2w3e4r5t6y"])
def test_a_weak_password_is_refused(password: str) -> None:
    _, answer = sign_up(password1=password, password2=password)
    assert not Member.objects.exists()
    assert answer.status_code == 200


def test_an_approved_applicant_is_in(administrator: Client) -> None:
    client, _ = sign_up()
    assert "ada@valbrune.fr" in administrator.get("/members/applications").content.decode()
    assert decide(administrator, decision="approve", role="contributor").status_code == 302
    assert client.get("/").status_code == 200
    assert the_applicant().role == Role.MANAGER
    fresh = Client()
    assert fresh.post("/accounts/login/", {"login": "ADA@valbrune.fr", "password": LONG})["Location"] == "/"


def test_a_refused_applicant_reads_the_reason_and_stays_out(administrator: Client) -> None:
    client, _ = sign_up()
    assert decide(administrator, decision="refuse", reason="Votre employeur n’est pas membre.").status_code == 302
    assert "Votre employeur n’est pas membre." in client.get("/account/waiting").content.decode()
    assert client.get("/")["Location"] == "/account/waiting"
    assert the_applicant().state == Member.State.REFUSED


def test_a_refusal_without_reason_is_sent_back(administrator: Client) -> None:
    sign_up()
    assert decide(administrator, decision="refuse").status_code == 422
    assert the_applicant().state == Member.State.APPLICANT


@pytest.mark.parametrize("data", [{}, {"decision": "perhaps"}, {"decision": "approve", "role": "administrator"}])
def test_a_decision_that_is_none_is_sent_back(data: dict[str, str], administrator: Client) -> None:
    sign_up()
    assert decide(administrator, **data).status_code == 422
    assert the_applicant().state == Member.State.APPLICANT


def test_approving_makes_no_administrator_whatever_the_form_says(administrator: Client) -> None:
    sign_up()
    decide(administrator, decision="approve", role="reader", is_administrator="on", institution="INP Mériane")
    member = the_applicant()
    assert (member.role, member.is_administrator) == (Role.MANAGER, False)
    assert str(member.institution) == "Université de Valbrune"


@pytest.mark.parametrize("role", list(Role))
def test_only_administrators_and_managers_open_a_queue_and_managers_their_own(role: Role) -> None:
    sign_up()
    client = logged_in(make_member(role=role))
    queue = client.get("/members/applications")
    assert queue.status_code == (200 if role == Role.MANAGER else 404)
    assert "ada@valbrune.fr" not in queue.content.decode()
    assert decide(client, decision="approve", role="manager").status_code == 404
    assert the_applicant().state == Member.State.APPLICANT


def test_a_queue_that_one_may_not_open_reads_like_a_page_that_is_not_there() -> None:
    sign_up()
    client = logged_in(make_member(role=Role.CONTRIBUTOR))
    client.get("/")  # shows what logging in had to say
    hidden = client.get("/members/applications").content.decode()
    absent = client.get("/members/applicationx").content.decode()
    assert _without_what_is_new_each_time(hidden) == _without_what_is_new_each_time(absent)


def _without_what_is_new_each_time(page: str) -> str:
    return re.sub(r"[A-Za-z0-9]{64}|applications|applicationx", "", page)


def test_deciding_needs_a_form_of_ours(administrator: Client) -> None:
    sign_up()
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = administrator.cookies
    assert decide(strict, decision="approve", role="reader").status_code == 403
    assert administrator.get(f"/members/applications/{the_applicant().public_id}").status_code == 405


def test_suspending_the_institution_ends_every_session_at_its_next_request() -> None:
    member = make_member()
    client = logged_in(member)
    assert client.get("/").status_code == 200
    assert member.institution is not None
    Institution.objects.filter(pk=member.institution.pk).update(state=Institution.State.SUSPENDED)
    for page in PAGES:
        assert client.get(page)["Location"] == "/account/waiting", page


def test_suspending_a_member_ends_the_session_at_its_next_request() -> None:
    member = make_member()
    client = logged_in(member)
    Member.objects.filter(pk=member.pk).update(state=Member.State.SUSPENDED)
    assert client.get("/")["Location"] == "/account/waiting"
    Member.objects.filter(pk=member.pk).update(is_active=False)
    assert client.get("/").status_code == 302


def test_logging_in_keeps_the_moment_of_the_visit_before() -> None:
    member = make_member()
    logged_in(member)
    first = Member.objects.get(pk=member.pk)
    assert first.previous_visit_at is None
    logged_in(member)
    assert Member.objects.get(pk=member.pk).previous_visit_at == first.last_login


def test_managers_make_and_revoke_the_tokens_of_their_own_institution_alone() -> None:
    institution = make_institution()
    manager = logged_in(make_member(institution, role=Role.MANAGER))
    made = manager.post("/account/tokens", {**TOKEN, "days": "90"})
    assert made.status_code == 200
    assert "iocm" in made.content.decode()
    token = institution.tokens.get()
    assert token.made_by is not None
    stranger = logged_in(make_member(role=Role.MANAGER))
    assert "Sonde-7" not in stranger.get("/account/tokens").content.decode()
    assert stranger.post(f"/account/tokens/{token.public_id}/revoke").status_code == 404
    for role in (Role.READER, Role.CONTRIBUTOR):
        colleague = logged_in(make_member(institution, role=role))
        assert colleague.post(f"/account/tokens/{token.public_id}/revoke").status_code == 404
        assert (
            colleague.post("/account/tokens", {"name": "x", "scopes": ["feeds:read"], "days": "0"}).status_code == 404
        )
    token.refresh_from_db()
    assert token.revoked_at is None
    assert manager.post(f"/account/tokens/{token.public_id}/revoke").status_code == 302
    token.refresh_from_db()
    assert token.revoked_at is not None


def test_the_secret_of_a_token_is_shown_once() -> None:
    manager = logged_in(make_member(role=Role.MANAGER))
    made = manager.post("/account/tokens", TOKEN)
    secret = made.context["made"].secret
    assert secret in made.content.decode()
    assert "no-store" in made["Cache-Control"]
    assert secret not in manager.get("/account/tokens").content.decode()


@pytest.mark.parametrize("scopes", [[], ["evidence:write"], ["feeds:read", "evidence:read"]])
def test_the_page_makes_only_the_tokens_it_offers(scopes: list[str]) -> None:
    member = make_member(role=Role.MANAGER)
    answer = logged_in(member).post("/account/tokens", {"name": "x", "scopes": scopes, "days": "0"})
    assert answer.status_code == 422
    assert member.institution is not None
    assert not member.institution.tokens.exists()


def test_log_in_answers_alike_for_a_wrong_password_and_an_unknown_address() -> None:
    member = make_member()
    wrong = Client().post("/accounts/login/", {"login": member.email, "password": "wrong"})
    unknown = Client().post("/accounts/login/", {"login": "nobody@example.org", "password": "wrong"})
    assert wrong.status_code == unknown.status_code == 200
    assert wrong.context["form"].errors == unknown.context["form"].errors


@pytest.mark.parametrize("action", ["action_add", "action_primary", "action_send", "action_remove"])
def test_nobody_puts_another_address_in_the_place_of_the_own(action: str) -> None:
    for client in (logged_in(make_member()), sign_up()[0]):
        addresses = sorted(Member.objects.values_list("email", flat=True))
        assert client.get("/accounts/email/").status_code == 404
        assert client.post("/accounts/email", {action: "", "email": "victim@example.org"}).status_code == 404
        assert sorted(Member.objects.values_list("email", flat=True)) == addresses


def test_a_forgotten_password_is_asked_for_alike_whether_or_not_the_address_is_known() -> None:
    member = make_member()
    answers = [
        Client().post("/accounts/password/reset/", {"email": email}) for email in (member.email, "no@example.org")
    ]
    assert {(answer.status_code, answer["Location"]) for answer in answers} == {(302, "/accounts/password/reset/done/")}


def test_guessing_passwords_is_slowed_down() -> None:
    member = make_member()
    answers = [Client().post("/accounts/login/", {"login": member.email, "password": f"{n}"}) for n in range(12)]
    last = answers[-1]
    assert last.status_code == 429 or "password" not in last.context["form"].errors
    right = Client().post("/accounts/login/", {"login": member.email, "password": PASSWORD})
    assert right.status_code != 302


def test_every_act_on_the_way_in_leaves_its_trace(administrator: Client) -> None:
    sign_up()
    decide(administrator, decision="approve", role="reader")
    acts = list(
        Event.objects.filter(subject_id=the_applicant().public_id).order_by("pk").values_list("action", flat=True)
    )
    assert acts == ["member.applied", "member.application_opened", "member.logged_in", "member.approved"]
    approval = Event.objects.get(action="member.approved")
    assert approval.actor is not None
    assert approval.actor.is_administrator
