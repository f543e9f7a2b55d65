"""Vouching: who may give a word, which words count, and when enough were given."""

from __future__ import annotations

import pytest
from django.utils import timezone

from iocmarket.accounts.models import Institution, Member
from iocmarket.accounts.roles import Role
from iocmarket.accounts.standing import suspend_institution
from iocmarket.audit.services import PLATFORM
from iocmarket.kernel.decision import Refusal
from iocmarket.vetting.models import Application
from iocmarket.vetting.rules import change_rules
from iocmarket.vetting.vouching import counting, may_vouch, missing_for, open_to, vouch, withdraw_vouch
from tests.factories import make_applicant, make_institution, make_member
from tests.mailbox import Mailbox

pytestmark = pytest.mark.django_db


def state_of(application: Application) -> str:
    return Institution.objects.get(members=application.member_id).state


def code_of(application: Application, by: Member, words: str = "I know her") -> str:
    """Why the vouch is refused; nothing when it is taken."""
    try:
        vouch(application, words=words, by=by)
    except Refusal as refusal:
        return refusal.code
    return ""


def test_two_institutions_make_it_vouched_and_one_that_withdraws_unmakes_it(mailbox: Mailbox) -> None:
    administrator = make_member(administrator=True)
    application = make_applicant()
    first, second = make_member(), make_member()
    vouch(application, words="We studied together", by=first)
    assert (state_of(application), missing_for(application)) == ("applied", 1)
    vouch(application, words="Our auditor", by=second)
    assert (state_of(application), missing_for(application)) == ("vouched", 0)
    assert len(mailbox.letters(administrator.email)) == 2
    withdraw_vouch(application, by=first)
    assert (state_of(application), missing_for(application)) == ("applied", 1)


def test_an_institution_has_one_word() -> None:
    application, institution = make_applicant(), make_institution()
    assert code_of(application, make_member(institution)) == ""
    assert code_of(application, make_member(institution)) == "vouched_already"
    assert missing_for(application) == 1


@pytest.mark.parametrize("words", ["", "  \n"])
def test_a_word_has_words(words: str) -> None:
    assert code_of(make_applicant(), make_member(), words) == "words_required"


@pytest.mark.parametrize(("role", "may"), [(Role.READER, False), (Role.CONTRIBUTOR, True), (Role.MANAGER, True)])
def test_contributors_and_managers_vouch(role: Role, may: bool) -> None:
    member, application = make_member(role=role), make_applicant()
    assert may_vouch(member) is may
    assert code_of(application, member) == ("" if may else "not_open_to_you")


def test_nobody_vouches_for_a_colleague_or_oneself_or_for_who_joins_a_member() -> None:
    institution = make_institution("Université de Valbrune")
    joining = make_applicant("Université de Valbrune")
    assert code_of(joining, make_member(institution)) == "not_open_to_you"
    assert code_of(joining, make_member()) == "not_open_to_you"
    bringing = make_applicant("École de Lumen")
    assert code_of(bringing, bringing.member) == "not_open_to_you"


@pytest.mark.parametrize("change", [{"state": "suspended"}, {"state": "left"}, {"read_only_since": timezone.now()}])
def test_an_institution_that_is_not_in_good_standing_vouches_for_nobody(change: dict[str, object]) -> None:
    member = make_member()
    Institution.objects.filter(members=member).update(**change)
    member = Member.objects.select_related("institution").get(pk=member.pk)
    assert code_of(make_applicant(), member) == "not_open_to_you"


def test_the_word_of_a_suspended_institution_or_person_does_not_count() -> None:
    application = make_applicant()
    first, second = make_member(), make_member()
    for member in (first, second):
        vouch(application, words="known", by=member)
    assert first.institution is not None
    suspend_institution(first.institution, reason="x", actor=PLATFORM)
    assert missing_for(application) == 1
    Member.objects.filter(pk=second.pk).update(state=Member.State.SUSPENDED)
    assert missing_for(application) == 2
    colleague = make_member(second.institution)
    assert code_of(application, colleague) == ""
    assert [word.member for word in counting()] == [colleague]


def test_a_word_is_withdrawn_by_its_author_or_a_manager_of_the_same_institution() -> None:
    application, institution = make_applicant(), make_institution()
    vouch(application, words="known", by=make_member(institution))
    for stranger in (make_member(institution), make_member(role=Role.MANAGER)):
        with pytest.raises(Refusal) as refused:
            withdraw_vouch(application, by=stranger)
        assert refused.value.code == "no_vouch"
    withdraw_vouch(application, by=make_member(institution, role=Role.MANAGER))
    assert not counting().exists()


@pytest.mark.parametrize("state", [Member.State.APPROVED, Member.State.REFUSED, Member.State.REMOVED])
def test_an_answered_application_is_open_to_nobody(state: str) -> None:
    application, member = make_applicant(), make_member()
    Member.objects.filter(pk=application.member_id).update(state=state)
    assert not open_to(member).exists()
    assert code_of(application, member) == "not_open_to_you"


def test_the_community_sets_how_many_are_needed() -> None:
    application = make_applicant()
    for needed in (0, 1, 3):
        change_rules(vouches_needed=needed, charter_grace_days=30, actor=PLATFORM)
        assert missing_for(application) == needed
