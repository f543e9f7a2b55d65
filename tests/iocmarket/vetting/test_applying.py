"""Applying: nothing is shown to anybody, and nothing looked up, before the address is confirmed."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from iocmarket.accounts.models import Asset, Institution, Member
from iocmarket.accounts.roles import Role
from iocmarket.audit.models import Event
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal
from iocmarket.vetting.applying import address_confirmed, answer_question
from iocmarket.vetting.deciding import approve, ask, refuse, waiting_for
from iocmarket.vetting.vouching import open_to
from tests.factories import make_applicant, make_institution, make_member
from tests.mailbox import Mailbox

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _mandatory(settings: Settings) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"


def test_before_the_address_is_confirmed_nobody_sees_the_application() -> None:
    administrator = make_member(role=Role.MANAGER, administrator=True)
    application = make_applicant("École de Lumen", confirmed=False)
    assert not waiting_for(administrator).exists()
    assert not open_to(administrator).exists()
    assert not Institution.objects.filter(name="École de Lumen").exists()
    with pytest.raises(Refusal, match="not_open_to_you"):
        approve(application.member, by=administrator)
    with pytest.raises(Refusal, match="not_open_to_you"):
        refuse(application.member, by=administrator, reason="x")


def test_confirming_the_address_brings_it_to_those_who_decide() -> None:
    administrator = make_member(administrator=True)
    application = make_applicant("  École   de Lumen ")
    assert [member.pk for member in waiting_for(administrator)] == [application.member_id]
    assert Institution.objects.get(name="École de Lumen").state == Institution.State.APPLIED


def test_confirming_twice_is_one_act() -> None:
    application = make_applicant()
    address_confirmed(Member.objects.get(pk=application.member_id))
    assert Event.objects.filter(action="member.application_opened").count() == 1


def test_two_persons_who_bring_the_same_name_bring_one_institution() -> None:
    first, second = make_applicant("École de Lumen"), make_applicant("ÉCOLE de lumen")
    (institution,) = Institution.objects.all()
    assert set(institution.members.values_list("pk", flat=True)) == {first.member_id, second.member_id}


def test_an_address_in_a_verified_domain_leads_to_its_institution() -> None:
    valbrune = make_institution("Université de Valbrune", domains=["univ-valbrune.fr"])
    application = make_applicant("UVal", email="ada@mail.univ-valbrune.fr")
    assert Member.objects.get(pk=application.member_id).institution == valbrune


@pytest.mark.parametrize("state", ["suspended", "left", "applied"])
def test_the_domains_of_an_institution_that_is_not_in_lead_nowhere(state: str) -> None:
    make_institution("Université de Valbrune", domains=["univ-valbrune.fr"])
    Institution.objects.update(state=state)
    application = make_applicant("UVal", email="ada@univ-valbrune.fr")
    assert Member.objects.get(pk=application.member_id).institution == Institution.objects.get(name="UVal")


def test_a_domain_that_was_only_declared_leads_nowhere() -> None:
    valbrune = make_institution("Université de Valbrune")
    Asset.objects.create(institution=valbrune, kind=Asset.Kind.DOMAIN, value="univ-valbrune.fr")
    application = make_applicant("UVal", email="ada@univ-valbrune.fr")
    assert Member.objects.get(pk=application.member_id).institution != valbrune


def test_those_who_decide_are_written_to(mailbox: Mailbox) -> None:
    valbrune = make_institution("Université de Valbrune")
    manager = make_member(valbrune, role=Role.MANAGER)
    administrator = make_member(administrator=True)
    make_member(valbrune)
    colleague = make_applicant("Université de Valbrune", name="Ada\r\nBcc: x@example.org")
    assert [letter.to for letter in mailbox.letters()] == [manager.email]
    make_applicant("École de Lumen")
    assert [letter.to for letter in mailbox.letters()] == [manager.email, administrator.email]
    assert "\n" not in mailbox.letters()[0].subject
    assert mailbox.letters()[0].message["Bcc"] is None
    assert colleague.member.email not in mailbox.letters()[0].text


def test_a_question_is_answered_once_by_the_one_who_was_asked(mailbox: Mailbox) -> None:
    administrator = make_member(administrator=True)
    application = make_applicant(language="en")
    question = ask(application.member, by=administrator, question="Who is your CISO?")
    letter = mailbox.letters(application.member.email)[-1]
    assert "Who is your CISO?" in letter.text
    assert "A question about your application" in letter.subject
    other = make_applicant().member
    for text, by, code in (("x", other, "not_yours"), ("  ", application.member, "answer_required")):
        with pytest.raises(Refusal) as refused:
            answer_question(question, text=text, member=by)
        assert refused.value.code == code
    answer_question(question, text="Bob", member=application.member)
    question.refresh_from_db()
    assert question.answer == "Bob"
    assert question.answered_at is not None
    assert question.answered_at <= clock.now()
    with pytest.raises(Refusal) as refused:
        answer_question(question, text="Eve", member=application.member)
    assert refused.value.code == "already_answered"
    assert mailbox.letters(administrator.email)[-1].subject.endswith("Ada a répondu")


def test_nothing_that_was_typed_is_in_the_journal() -> None:
    application = make_applicant("Secret School", name="Secret Name", why="Secret Reason", domains=["secret.fr"])
    ask(application.member, by=make_member(administrator=True), question="Secret Question")
    assert "ecret" not in str(list(Event.objects.values_list("details", flat=True)))
