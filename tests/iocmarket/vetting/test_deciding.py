"""Deciding: who may answer which application, what an approval brings, and what a refusal says."""

from __future__ import annotations

import pytest

from iocmarket.accounts.models import Asset, Institution, Member
from iocmarket.accounts.roles import Role
from iocmarket.audit.models import Event
from iocmarket.audit.services import PLATFORM
from iocmarket.kernel.decision import Refusal
from iocmarket.vetting.deciding import approve, ask, refuse, waiting_for
from iocmarket.vetting.models import Application
from iocmarket.vetting.rules import change_rules
from iocmarket.vetting.vouching import vouch
from tests.factories import make_applicant, make_institution, make_member
from tests.mailbox import Mailbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator() -> Member:
    """Of an institution of the own, with the least of roles in it."""
    return make_member(make_institution("INP Mériane"), role=Role.READER, administrator=True)


def vouched(**told: object) -> Application:
    application = make_applicant(**told)  # type: ignore[arg-type]
    for _each in range(2):
        vouch(application, words="known", by=make_member())
    return application


def code_of(act: object, *args: object, **named: object) -> str:
    with pytest.raises(Refusal) as refused:
        act(*args, **named)  # type: ignore[operator]
    return refused.value.code


def test_approving_the_first_person_lets_the_institution_in_with_its_manager(administrator: Member) -> None:
    application = vouched(
        institution="École de Lumen",
        email="ada@lumen-ecole.fr",
        domains=["lumen-ecole.fr"],
        networks=["193.52.0.0/16"],
        contact_email="csirt@lumen-ecole.fr",
    )
    member = approve(application.member, by=administrator, role=Role.READER)
    institution = Institution.objects.get(name="École de Lumen")
    assert member.is_approved
    assert member.role == Role.MANAGER
    assert institution.approved_at == institution.confirmed_at is not None
    assert institution.contact_email == "csirt@lumen-ecole.fr"
    found = set(institution.assets.values_list("kind", "value", "verified_at"))
    assert found == {
        ("domain", "lumen-ecole.fr", None),
        ("network", "193.52.0.0/16", None),
        ("mail-domain", "lumen-ecole.fr", None),
    }
    application.refresh_from_db()
    assert application.decided_by == administrator


def test_an_administrator_says_that_the_assets_are_verified_but_never_those_of_another(administrator: Member) -> None:
    make_institution("Université de Valbrune", domains=["univ-valbrune.fr"])
    application = vouched(domains=["lumen-ecole.fr", "univ-valbrune.fr", "labo.univ-valbrune.fr"])
    member = approve(application.member, by=administrator, assets_verified=True)
    assert member.institution is not None
    found = {asset.value: (asset.verified_at is not None, asset.proof) for asset in member.institution.assets.all()}
    assert found == {
        "lumen-ecole.fr": (True, Asset.Proof.ADMINISTRATOR),
        "univ-valbrune.fr": (False, ""),
        "labo.univ-valbrune.fr": (False, ""),
    }


def test_without_the_vouches_nobody_is_let_in_unless_it_is_said_why(administrator: Member) -> None:
    member = make_applicant().member
    assert code_of(approve, member, by=administrator, reason="known") == "vouches_missing"
    assert code_of(approve, member, by=administrator, without_vouches=True, reason=" ") == "reason_required"
    assert not Institution.objects.filter(state=Institution.State.APPROVED, members=member).exists()
    approve(member, by=administrator, without_vouches=True, reason="The first one here")
    event = Event.objects.get(action="member.approved")
    assert event.details["without_vouches"] is True
    assert event.details["reason"] == "The first one here"


def test_where_no_vouch_is_needed_none_is_missed(administrator: Member) -> None:
    change_rules(vouches_needed=0, charter_grace_days=30, actor=PLATFORM)
    assert approve(make_applicant().member, by=administrator).is_approved


def test_the_second_person_joins_with_the_role_that_was_given_and_without_vouches(administrator: Member) -> None:
    first = approve(vouched(institution="École de Lumen").member, by=administrator)
    assert first.institution is not None
    began = first.institution.approved_at
    second = make_applicant("ÉCOLE DE LUMEN").member
    assert approve(second, by=first, role=Role.READER).role == Role.READER
    assert Institution.objects.get(name="École de Lumen").approved_at == began


def test_a_manager_answers_the_own_people_and_learns_of_no_others() -> None:
    valbrune = make_institution("Université de Valbrune")
    manager = make_member(valbrune, role=Role.MANAGER)
    own, other, new = (make_applicant(name) for name in ("Université de Valbrune", make_institution().name, ""))
    assert [member.pk for member in waiting_for(manager)] == [own.member_id]
    refuse(other.member, by=make_member(administrator=True), reason="x")
    for application in (other, new):
        for act, said in ((approve, {}), (refuse, {"reason": "x"}), (ask, {"question": "x"})):
            assert code_of(act, application.member, by=manager, **said) == "not_open_to_you"
    assert approve(own.member, by=manager, role=Role.CONTRIBUTOR).institution == valbrune


@pytest.mark.parametrize("role", [Role.READER, Role.CONTRIBUTOR])
def test_others_have_no_queue(role: Role) -> None:
    valbrune = make_institution("Université de Valbrune")
    member, applicant = make_member(valbrune, role=role), make_applicant("Université de Valbrune").member
    assert not waiting_for(member).exists()
    assert code_of(approve, applicant, by=member) == "not_open_to_you"


def test_nobody_lets_oneself_in() -> None:
    institution = make_institution("Université de Valbrune")
    applicant = make_applicant("Université de Valbrune").member
    Member.objects.filter(pk=applicant.pk).update(role=Role.MANAGER, is_administrator=True)
    applicant = Member.objects.select_related("institution").get(pk=applicant.pk)
    assert applicant.institution == institution
    assert code_of(approve, applicant, by=applicant) == "not_open_to_you"


def test_an_application_is_answered_once(administrator: Member) -> None:
    member = refuse(make_applicant().member, by=administrator, reason="Not a CSIRT")
    for act, said in ((approve, {}), (refuse, {"reason": "x"}), (ask, {"question": "x"})):
        assert code_of(act, member, by=administrator, **said) == "already_decided"


@pytest.mark.parametrize("reason", ["", "   \n"])
def test_a_refusal_and_a_question_have_words(administrator: Member, reason: str) -> None:
    member = make_applicant().member
    assert code_of(refuse, member, by=administrator, reason=reason) == "reason_required"
    assert code_of(ask, member, by=administrator, question=reason) == "question_required"


@pytest.mark.parametrize("change", [{"state": "suspended"}, {"state": "left"}, {"kind": "partner"}])
def test_nobody_is_let_into_a_closed_institution(administrator: Member, change: dict[str, str]) -> None:
    member = make_applicant("École de Lumen").member
    Institution.objects.filter(name="École de Lumen").update(**change)
    assert code_of(approve, member, by=administrator) == "institution_not_open"
    assert Member.objects.get(pk=member.pk).state == Member.State.APPLICANT


def test_who_came_through_another_door_is_answered_too(administrator: Member) -> None:
    """Single sign-on makes applicants without an application: of an institution that it knows, or of none."""
    valbrune = make_institution("Université de Valbrune")
    member = Member.objects.create_user("sso@example.org", institution=valbrune)
    lost = Member.objects.create_user("lost@example.org")
    assert {found.pk for found in waiting_for(administrator)} == {member.pk, lost.pk}
    assert code_of(ask, member, by=administrator, question="x") == "no_application"
    assert code_of(approve, lost, by=administrator) == "institution_required"
    assert approve(member, by=make_member(valbrune, role=Role.MANAGER)).is_approved


def test_the_applicant_is_told_in_the_language_of_the_application(administrator: Member, mailbox: Mailbox) -> None:
    english, french = vouched(language="en").member, make_applicant(language="fr").member
    approve(english, by=administrator)
    refuse(french, by=administrator, reason="Nous ne vous trouvons pas.")
    assert mailbox.letters(english.email)[-1].subject.endswith("You are in")
    letter = mailbox.letters(french.email)[-1]
    assert letter.subject.endswith("Votre demande est refusée")
    assert "Nous ne vous trouvons pas." in letter.text
