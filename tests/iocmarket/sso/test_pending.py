"""Those whom a provider brought: who may answer them, and that the answer changes nothing else."""

from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.test import Client

from iocmarket.accounts import services as accounts
from iocmarket.accounts.models import Institution, Member
from iocmarket.accounts.roles import Role
from iocmarket.audit.models import Event
from iocmarket.audit.services import PLATFORM
from iocmarket.kernel.decision import Refusal
from iocmarket.sso import services
from iocmarket.sso.asserted import Asserted
from iocmarket.sso.config import read_provider
from tests.factories import make_institution, make_member
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
    services.approve_pending(person, role=Role.CONTRIBUTOR, by=manager)
    person.refresh_from_db()
    assert (person.state, person.role, person.is_administrator) == (Member.State.APPROVED, Role.CONTRIBUTOR, False)
    assert list(services.pending_of(institution)) == []
    event = Event.objects.get(action="member.approved")
    assert (event.subject_id, event.actor_id) == (person.public_id, manager.pk)


def test_a_refusal_has_a_reason(institution: Institution) -> None:
    person, manager = brought(), make_member(institution, role=Role.MANAGER)
    with pytest.raises(Refusal, match="reason_required"):
        services.refuse_pending(person, reason=" ", by=manager)
    services.refuse_pending(person, reason="Nobody knows this person.", by=manager)
    person.refresh_from_db()
    assert (person.state, person.decided_reason) == (Member.State.REFUSED, "Nobody knows this person.")


def test_the_second_answer_is_refused(institution: Institution) -> None:
    person, manager = brought(), make_member(institution, role=Role.MANAGER)
    services.refuse_pending(person, reason="No.", by=manager)
    with pytest.raises(Refusal, match="already_decided"):
        services.approve_pending(person, role=Role.READER, by=manager)


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
        assert client.post(f"/members/pending/{person.public_id}", said).status_code == 404
    person.refresh_from_db()
    assert person.state == Member.State.APPLICANT


def test_a_manager_answers_no_application_that_no_provider_brought(institution: Institution) -> None:
    """Those are the community's to decide (vouching)."""
    applicant = Member.objects.create_user("x@a.example", institution=institution, state=Member.State.APPLICANT)
    with pytest.raises(Refusal, match="not_yours"):
        services.approve_pending(applicant, role=Role.READER, by=make_member(institution, role=Role.MANAGER))


def test_a_form_assigns_nothing_but_what_it_is_for(institution: Institution) -> None:
    person = brought()
    client = Client()
    client.force_login(make_member(institution, role=Role.MANAGER))
    said = {"decision": "approve", "role": "administrator", "is_administrator": "1", "institution": "9", "state": "x"}
    client.post(f"/members/pending/{person.public_id}", said)
    person.refresh_from_db()
    assert (person.role, person.is_administrator, person.institution) == (Role.READER, False, institution)


def test_letters_are_sent(institution: Institution, mailbox: Mailbox) -> None:
    manager = make_member(institution, role=Role.MANAGER, email="boss@a.example")
    services.approve_pending(brought(), role=Role.READER, by=manager)
    assert [letter.to for letter in mailbox.letters()] == ["boss@a.example", "ada@a.example"]
    assert "Ada" in mailbox.letters("boss@a.example")[0].subject


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


def test_an_institution_that_is_not_in_yet_takes_nobody_in(db: None) -> None:
    accounts.create_institution(name="Université A", approved=False, actor=PLATFORM)
    with pytest.raises(Refusal, match="institution_closed"):
        brought()
    assert not Member.objects.exists()
