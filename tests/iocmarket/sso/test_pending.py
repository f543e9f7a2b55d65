"""Those whom a provider brought: they wait in the queue of the one who answers them, like everybody else."""

from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.test import Client

from iocmarket.accounts.models import Institution, Member
from iocmarket.accounts.roles import Role
from iocmarket.audit.models import Event
from iocmarket.kernel.decision import Refusal
from iocmarket.sso import services
from iocmarket.sso.asserted import Asserted
from iocmarket.sso.config import read_provider
from iocmarket.vetting.checks import checks_of
from iocmarket.vetting.deciding import approve, refuse, waiting_for
from tests.factories import make_applicant, make_institution, make_member
from tests.iocmarket.sso.conftest import oidc_provider
from tests.mailbox import Mailbox


@pytest.fixture
def institution(db: None) -> Institution:
    """One in the community."""
    return make_institution("Université A")


def brought(sub: str = "ada") -> Member:
    """Somebody whom the provider of Université A brought."""
    config = read_provider(oidc_provider("a", "https://idp.a.example", "a.example", "Université A"))
    said = Asserted(
        issuer=config.issuer, subject=f"sub:{sub}", scopes=frozenset({"a.example"}), email=f"{sub}@a.example",
        email_refuted=False, name=sub.title(), second_factor=False,
    )  # fmt: skip
    member: Member = services.admit(said, config).user
    return member


def test_a_manager_lets_in_with_a_role(institution: Institution) -> None:
    person, manager = brought(), make_member(institution, role=Role.MANAGER)
    assert [found.pk for found in waiting_for(manager)] == [person.pk]
    approve(person, role=Role.CONTRIBUTOR, by=manager)
    person.refresh_from_db()
    assert (person.state, person.role, person.is_administrator) == (Member.State.APPROVED, Role.CONTRIBUTOR, False)
    assert not waiting_for(manager).exists()
    event = Event.objects.get(action="member.approved")
    assert (event.subject_id, event.actor_id) == (person.public_id, manager.pk)


def test_everybody_waits_in_one_queue(institution: Institution) -> None:
    """Managers see persons, administrators see institutions, and persons whom nobody else could answer."""
    administrator = make_member(make_institution("INP B"), administrator=True)
    person = brought()
    assert list(waiting_for(administrator)) == [person], "the institution has no manager"
    manager = make_member(institution, role=Role.MANAGER)
    new = make_applicant("École C").member
    assert list(waiting_for(manager)) == [person]
    assert [found.pk for found in waiting_for(administrator)] == [new.pk]
    assert [found.pk for found in waiting_for(make_member(institution, role=Role.MANAGER, administrator=True))] == [
        person.pk, new.pk,
    ]  # fmt: skip
    Member.objects.filter(role=Role.MANAGER).update(state=Member.State.SUSPENDED)
    assert {found.pk for found in waiting_for(administrator)} == {person.pk, new.pk}
    assert approve(person, by=administrator).is_approved


def test_the_letter_goes_to_whose_queue_it_is(institution: Institution, mailbox: Mailbox) -> None:
    make_member(make_institution("INP B"), administrator=True, email="admin@b.example")
    brought("bob")
    make_member(institution, role=Role.MANAGER, email="boss@a.example")
    brought("ada")
    assert [letter.to for letter in mailbox.letters()] == ["admin@b.example", "boss@a.example"]
    assert "Ada" in mailbox.letters("boss@a.example")[0].subject


def test_what_the_provider_said_is_told_to_who_decides(institution: Institution) -> None:
    said = [check.text for check in checks_of(brought(), None)]
    assert any("https://idp.a.example" in text and "a.example" in text for text in said)


@pytest.mark.parametrize("who", ["reader", "contributor", "manager of another"])
def test_nobody_else_answers(institution: Institution, who: str) -> None:
    person = brought()
    by = (
        make_member(make_institution(), role=Role.MANAGER)
        if who == "manager of another"
        else make_member(institution, role=Role(who))
    )
    client = Client()
    client.force_login(by)
    for said in ({"decision": "approve", "role": "reader"}, {"decision": "refuse", "reason": "No."}):
        assert client.post(f"/members/applications/{person.public_id}", said).status_code == 404
    person.refresh_from_db()
    assert person.state == Member.State.APPLICANT


def test_a_form_assigns_nothing_but_what_it_is_for(institution: Institution) -> None:
    person = brought()
    client = Client()
    client.force_login(make_member(institution, role=Role.MANAGER))
    said = {"decision": "approve", "role": "reader", "is_administrator": "1", "institution": "9", "state": "x"}
    client.post(f"/members/applications/{person.public_id}", said)
    person.refresh_from_db()
    assert (person.role, person.is_administrator, person.institution) == (Role.READER, False, institution)
    assert person.is_approved


def test_a_refusal_has_a_reason_that_is_kept(institution: Institution) -> None:
    person, manager = brought(), make_member(institution, role=Role.MANAGER)
    with pytest.raises(Refusal, match="reason_required"):
        refuse(person, reason=" ", by=manager)
    refuse(person, reason="Nobody knows this person.", by=manager)
    person.refresh_from_db()
    assert (person.state, person.decided_reason) == (Member.State.REFUSED, "Nobody knows this person.")


def test_the_last_way_in_is_kept(institution: Institution) -> None:
    person = brought()
    account = SocialAccount.objects.get(user=person)
    with pytest.raises(Refusal, match="last_way_in"):
        services.disconnect(person, account.pk)
    with pytest.raises(Refusal, match="not_connected"):
        services.disconnect(make_member(institution), account.pk)
    person.set_password("a long enough pass phrase")
    person.save()
    services.disconnect(person, account.pk)
    assert not SocialAccount.objects.exists()


def test_a_second_log_in_of_the_same_person_makes_nobody(institution: Institution) -> None:
    assert brought().pk == brought().pk
    assert EmailAddress.objects.count() == 1


@pytest.mark.parametrize("state", ["suspended", "left"])
def test_an_institution_that_is_out_takes_nobody_in(institution: Institution, state: str) -> None:
    Institution.objects.update(state=state)
    with pytest.raises(Refusal, match="institution_closed"):
        brought()
    assert not Member.objects.exists()
