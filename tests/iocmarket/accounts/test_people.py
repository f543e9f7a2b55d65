"""A manager acts inside the own institution and strictly below administrators; an institution keeps a manager."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from iocmarket.accounts import people
from iocmarket.accounts.models import Institution, Member, Token
from iocmarket.accounts.people import change_role, end_sessions, remove_member
from iocmarket.accounts.roles import Capability, Role, Scope, roles_up_to
from iocmarket.accounts.services import create_token
from iocmarket.accounts.standing import suspend_institution
from iocmarket.audit.models import Event
from iocmarket.audit.services import PLATFORM
from iocmarket.kernel.decision import Refusal
from tests.factories import contribute, make_institution, make_member, make_token

pytestmark = pytest.mark.django_db
ACTS = ("role", "sessions", "remove")


@pytest.fixture
def house() -> Institution:
    """An institution with one manager."""
    return make_institution("Université de Valbrune")


@pytest.fixture
def manager(house: Institution) -> Member:
    """Its only manager."""
    return make_member(house, role=Role.MANAGER, name="Claire", email="claire@valbrune.fr")


def browser(member: Member) -> Client:
    """A session of that member."""
    client = Client()
    client.force_login(member)
    return client


def press(by: Member, act: str, on: Member, **data: str) -> Any:
    """The answer to one button of the page."""
    return browser(by).post(f"/members/people/{on.public_id}/{act}", {"role": "reader", **data})


def refused(error: pytest.ExceptionInfo[Refusal]) -> str:
    """The code."""
    return error.value.code


@pytest.mark.parametrize(("role", "manages"), [("reader", False), ("contributor", False), ("manager", True)])
def test_capabilities_follow_the_role_and_the_flag(role: str, manages: bool) -> None:
    member = make_member(role=Role(role))
    own = {capability for capability in Capability if capability.startswith("institution.")}
    assert {capability for capability in Capability if member.may(capability)} == (own if manages else set())
    member.is_administrator = True
    assert {c for c in Capability if member.may(c)} == set(Capability) - (set() if manages else own)


def test_who_is_not_let_in_may_do_nothing(manager: Member, house: Institution) -> None:
    manager.is_administrator = True
    Institution.objects.filter(pk=house.pk).update(state=Institution.State.SUSPENDED)
    manager.institution = Institution.objects.get(pk=house.pk)
    assert not any(manager.may(capability) for capability in Capability)


def test_nobody_gives_a_role_above_the_own() -> None:
    assert roles_up_to("reader") == [Role.READER]
    assert roles_up_to("manager") == [Role.READER, Role.CONTRIBUTOR, Role.MANAGER]


def test_a_manager_gives_colleagues_another_role(house: Institution, manager: Member) -> None:
    colleague = make_member(house, role=Role.READER)
    assert press(manager, "role", colleague, role="manager").status_code == 302
    colleague.refresh_from_db()
    assert colleague.role == Role.MANAGER
    told = Event.objects.get(action="member.role_changed")
    assert (told.actor_id, told.details) == (manager.pk, {"before": "reader", "after": "manager"})


@pytest.mark.parametrize("act", ACTS)
def test_a_manager_finds_nobody_of_another_institution(act: str, manager: Member) -> None:
    other = make_member(role=Role.CONTRIBUTOR)
    assert press(manager, act, other).status_code == 404
    fresh = Member.objects.get(pk=other.pk)
    assert (fresh.role, fresh.state, fresh.session_generation) == (Role.CONTRIBUTOR, Member.State.APPROVED, 0)


def test_the_service_too_refuses_the_people_of_another_institution(manager: Member) -> None:
    """The page finds nobody; this is for whoever calls the service from elsewhere."""
    stranger = make_member(make_institution("Ailleurs"))
    with pytest.raises(Refusal) as error:
        change_role(stranger, role=Role.READER, by=manager)
    assert refused(error) == "not_yours"
    with pytest.raises(Refusal) as error:
        end_sessions(stranger, by=manager)
    assert refused(error) == "not_yours"


@pytest.mark.parametrize("act", ACTS)
def test_org_admin_escalates_a_manager_does_nothing_to_an_administrator(
    act: str, house: Institution, manager: Member
) -> None:
    """The row of security.md: strictly below administrator."""
    administrator = make_member(house, role=Role.CONTRIBUTOR, administrator=True)
    press(manager, act, administrator)
    fresh = Member.objects.get(pk=administrator.pk)
    assert (fresh.role, fresh.state, fresh.is_administrator) == (Role.CONTRIBUTOR, Member.State.APPROVED, True)
    assert fresh.session_generation == 0


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("role", [Role.READER, Role.CONTRIBUTOR])
def test_nobody_else_acts_on_colleagues(act: str, role: Role, house: Institution, manager: Member) -> None:
    assert press(make_member(house, role=role), act, manager).status_code == 404
    assert Member.objects.get(pk=manager.pk).state == Member.State.APPROVED


def test_fields_that_are_not_asked_for_assign_nothing(house: Institution, manager: Member) -> None:
    colleague = make_member(house, role=Role.READER)
    other = make_institution()
    press(
        manager, "role", colleague, is_administrator="1", institution=str(other.pk), state="suspended", email="x@y.fr"
    )
    fresh = Member.objects.get(pk=colleague.pk)
    assert (fresh.is_administrator, fresh.institution_id, fresh.state) == (False, house.pk, Member.State.APPROVED)
    assert fresh.email == colleague.email


def test_the_last_manager_neither_leaves_nor_steps_down(house: Institution, manager: Member) -> None:
    make_member(house, role=Role.CONTRIBUTOR)
    with pytest.raises(Refusal) as error:
        change_role(manager, role=Role.READER, by=manager)
    assert refused(error) == "last_manager"
    with pytest.raises(Refusal) as error:
        remove_member(manager, by=manager)
    assert refused(error) == "last_manager"
    make_member(house, role=Role.MANAGER)
    remove_member(manager, by=manager)
    assert Member.objects.get(pk=manager.pk).state == Member.State.REMOVED


def test_a_removed_manager_does_not_count(house: Institution, manager: Member) -> None:
    second = make_member(house, role=Role.MANAGER)
    remove_member(second, by=manager)
    with pytest.raises(Refusal) as error:
        remove_member(manager, by=manager)
    assert refused(error) == "last_manager"


def test_the_last_administrator_stays(house: Institution, manager: Member) -> None:
    only = make_member(house, role=Role.MANAGER, administrator=True)
    with pytest.raises(Refusal) as error:
        remove_member(only, by=only)
    assert refused(error) == "last_administrator"
    with pytest.raises(Refusal) as error:
        suspend_institution(house, reason="charter", actor=PLATFORM)
    assert refused(error) == "last_administrator"
    make_member(administrator=True)
    remove_member(only, by=only)


def test_removal_ends_sessions_and_tokens_at_once_and_keeps_attribution(house: Institution, manager: Member) -> None:
    colleague = make_member(house, name="Odile")
    said = contribute(house, author=colleague)
    session = browser(colleague)
    made = create_token(
        institution=house, name="SIEM", scopes=[Scope.INDICATORS_READ], made_by=colleague, actor=PLATFORM
    )
    kept = make_token(house)
    machine = Client(headers={"Authorization": f"Bearer {made.secret}"})
    assert (session.get("/").status_code, machine.get("/api/v1/indicators").status_code) == (200, 200)
    assert press(manager, "remove", colleague).status_code == 302
    assert session.get("/")["Location"].startswith("/accounts/login/")
    assert session.get("/api/v1/indicators").status_code == 401
    assert machine.get("/api/v1/indicators").status_code == 401
    other = Client(headers={"Authorization": f"Bearer {kept}"})
    assert other.get("/api/v1/indicators").status_code == 200, "the institution's other machines go on"
    said.refresh_from_db()
    assert (str(said.author), said.withdrawn_at) == ("Odile", None)
    assert Event.objects.get(action="member.removed").details == {"tokens": 1, "left": False}


def test_ending_sessions_ends_all_of_them_and_the_person_may_log_in_again(house: Institution, manager: Member) -> None:
    colleague = make_member(house)
    first, second = browser(colleague), browser(colleague)
    own = browser(manager)
    end_sessions(colleague, by=manager)
    assert [client.get("/").status_code for client in (first, second, own)] == [302, 302, 200]
    colleague.refresh_from_db()
    assert browser(colleague).get("/").status_code == 200


def test_leaving_by_oneself_logs_out(house: Institution, manager: Member) -> None:
    reader = make_member(house, role=Role.READER)
    session = browser(reader)
    assert session.post(f"/members/people/{reader.public_id}/remove").status_code == 302
    assert session.get("/")["Location"].startswith("/accounts/login/")
    assert Member.objects.get(pk=reader.pk).state == Member.State.REMOVED
    assert not Event.objects.filter(action="member.removed", details__left=False).exists()
    assert manager.pk


def test_an_administrator_acts_everywhere(manager: Member) -> None:
    administrator = make_member(administrator=True, role=Role.READER)
    colleague = make_member(manager.institution)
    answer = press(administrator, "role", colleague, role="manager")
    assert manager.institution is not None
    assert answer["Location"] == f"/members/institutions/{manager.institution.public_id}"
    assert Member.objects.get(pk=colleague.pk).role == Role.MANAGER


def test_the_directory_tells_members_who_is_in(house: Institution, manager: Member) -> None:
    reader = make_member(house, role=Role.READER, name="Odile")
    other = make_institution("INP Mériane")
    secret = make_member(other, name="Thierry", role=Role.CONTRIBUTOR, email="thierry@meriane.fr")
    make_institution("Pas encore", approved=False)
    page = browser(reader).get("/members").content.decode()
    assert "Claire" in page
    assert "INP Mériane" in page
    assert "claire@valbrune.fr" in page
    assert secret.email not in page
    assert "Pas encore" not in page
    assert "/members/invite" not in page
    managers = browser(manager).get("/members").content.decode()
    assert "/members/invite" in managers
    assert f"/members/people/{reader.public_id}/role" in managers
    assert f"/members/people/{manager.public_id}/role" in managers


def test_a_token_that_manages_is_worth_a_manager_and_no_more(house: Institution, manager: Member) -> None:
    machine = Client(headers={"Authorization": f"Bearer {make_token(house, scopes=[Scope.INSTITUTION_ADMIN])}"})
    base = "/api/v1/institutions/self/members"
    colleague = make_member(house, role=Role.READER)
    administrator = make_member(house, role=Role.READER, administrator=True)
    stranger = make_member()
    found = machine.get(base).json()["members"]
    assert [one["role"] for one in found] == ["manager", "reader", "reader"]

    def patch(person: Member, **body: object) -> Any:
        return machine.patch(f"{base}/{person.public_id}", body, content_type="application/json")

    assert patch(colleague, role="contributor").json()["role"] == "contributor"
    assert (patch(administrator, role="contributor").status_code, patch(stranger, role="reader").status_code) == (
        422,
        404,
    )
    wrong = patch(colleague, role="reader", is_administrator=True)
    assert (wrong.status_code, wrong.json()["code"]) == (422, "unknown_field")
    assert machine.delete(f"{base}/{manager.public_id}").json()["code"] == "last_manager"
    assert machine.delete(f"{base}/{colleague.public_id}").status_code == 204
    assert machine.delete(f"{base}/{colleague.public_id}").status_code == 404
    told = Event.objects.get(action="member.removed")
    assert (told.actor_id, told.token_id) == (None, Token.objects.get().pk)


def test_a_token_without_the_scope_manages_nobody(house: Institution, manager: Member) -> None:
    scopes = [scope for scope in Scope if scope != Scope.INSTITUTION_ADMIN]
    machine = Client(headers={"Authorization": f"Bearer {make_token(house, scopes=scopes)}"})
    for path in ("", "/self", "/self/members", "/self/invitations"):
        assert machine.get(f"/api/v1/institutions{path}").status_code == 403
    assert machine.delete(f"/api/v1/institutions/self/members/{manager.public_id}").status_code == 403


def test_an_address_that_is_freed_brings_no_old_rights_back(house: Institution, manager: Member) -> None:
    colleague = make_member(house, email="odile@valbrune.fr")
    with pytest.raises(ValueError, match="keeps"):
        people.retire(colleague)
    people.retire(remove_member(colleague, by=manager))
    fresh = Member.objects.get(pk=colleague.pk)
    assert fresh.email.endswith("@removed.invalid")
    assert not fresh.has_usable_password()
