"""Circles by invitation: asked, answered, managed, left, dissolved. Nobody is put into one, nobody else knows of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from iocmarket.accounts import circle_invitations as invitations
from iocmarket.accounts import circles
from iocmarket.accounts.models import Circle, CircleInvitation, Institution
from iocmarket.accounts.roles import Role
from iocmarket.accounts.standing import suspend_institution
from iocmarket.audit.models import Event
from iocmarket.audit.services import PLATFORM
from iocmarket.indicators import joining, leaving
from iocmarket.indicators.models import Contribution
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal
from tests.factories import contribute, make_institution, make_member
from tests.mailbox import Mailbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def founder() -> Institution:
    return make_institution("Université de Valbrune")


@pytest.fixture
def circle(founder: Institution) -> Circle:
    return circles.create_circle(name="Veille du Nord", founder=founder, actor=PLATFORM)


@pytest.fixture
def other() -> Institution:
    return make_institution("INP Mériane")


def asked(circle: Circle, other: Institution, founder: Institution) -> CircleInvitation:
    return invitations.invite(circle, other, institution=founder, actor=PLATFORM)


def joined(circle: Circle, other: Institution, founder: Institution) -> Institution:
    joining.accept_invitation(asked(circle, other, founder), actor=PLATFORM)
    return other


def refused(act: object, *args: object, **kwargs: object) -> str:
    with pytest.raises(Refusal) as found:
        act(*args, actor=PLATFORM, **kwargs)  # type: ignore[operator]
    return found.value.code


def in_it(circle: Circle) -> set[str]:
    return {each.institution.name for each in circles.members_of(circle)}


@pytest.mark.django_db(transaction=True)
def test_invited_one_is_in_it_only_after_its_yes(
    circle: Circle, founder: Institution, other: Institution, mailbox: Mailbox
) -> None:
    make_member(founder, role=Role.MANAGER, email="claire@univ-valbrune.fr")
    make_member(other, role=Role.MANAGER, email="hugo@inp-meriane.fr")
    make_member(other, role=Role.CONTRIBUTOR, email="lea@inp-meriane.fr")
    invitation = asked(circle, other, founder)
    assert in_it(circle) == {founder.name}
    assert list(invitations.invitations_to(other)) == [invitation]
    joining.accept_invitation(invitation, actor=PLATFORM)
    assert in_it(circle) == {founder.name, other.name}
    assert not CircleInvitation.objects.exists()
    question, yes = mailbox.letters()
    assert (question.to, yes.to) == ("hugo@inp-meriane.fr", "claire@univ-valbrune.fr")
    assert "Veille du Nord" in question.subject
    assert any(link.endswith("/circles") for link in question.links)
    told = Event.objects.filter(subject_id=circle.public_id).order_by("id").values_list("action", flat=True)
    assert list(told) == ["circle.created", "circle.invited", "circle.joined"]


def test_asking_twice_is_one_question(circle: Circle, founder: Institution, other: Institution) -> None:
    assert asked(circle, other, founder) == asked(circle, other, founder)
    assert Event.objects.filter(action="circle.invited").count() == 1


def test_a_no_is_a_no(circle: Circle, founder: Institution, other: Institution) -> None:
    invitation = asked(circle, other, founder)
    invitations.decline_invitation(invitation, actor=PLATFORM)
    assert refused(joining.accept_invitation, invitation) == "invitation_over"
    assert in_it(circle) == {founder.name}


def test_a_question_taken_back_or_expired_cannot_be_accepted(
    circle: Circle, founder: Institution, other: Institution
) -> None:
    invitation = asked(circle, other, founder)
    invitations.withdraw_invitation(invitation, institution=founder, actor=PLATFORM)
    assert refused(joining.accept_invitation, invitation) == "invitation_over"
    late = asked(circle, other, founder)
    with time_machine.travel(clock.now() + invitations.OPEN_FOR + timedelta(minutes=1), tick=False):
        assert refused(joining.accept_invitation, late) == "invitation_over"
        assert not invitations.invitations_to(other)
        assert asked(circle, other, founder).pk != late.pk
    assert in_it(circle) == {founder.name}


def test_only_who_manages_invites_and_removes(circle: Circle, founder: Institution, other: Institution) -> None:
    third = joined(circle, make_institution(), founder)
    joined(circle, other, founder)
    for act, target in ((invitations.invite, make_institution()), (leaving.remove_member, third)):
        assert refused(act, circle, target, institution=other) == "not_circle_manager"
    for alone in (leaving.dissolve_circle, circles.step_down):
        assert refused(alone, circle, institution=other) == "not_circle_manager"
    assert refused(circles.appoint, circle, third, institution=other) == "not_circle_manager"
    assert refused(circles.rename_circle, circle, "Autre", institution=other) == "not_circle_manager"


@pytest.mark.parametrize("kind", [Institution.Kind.PARTNER, Institution.Kind.MEMBER])
def test_only_approved_members_are_asked(circle: Circle, founder: Institution, kind: str) -> None:
    stranger = make_institution(approved=kind == Institution.Kind.PARTNER)
    Institution.objects.filter(pk=stranger.pk).update(kind=kind)
    stranger.refresh_from_db()
    assert refused(invitations.invite, circle, stranger, institution=founder) == "unknown_recipient"


def test_who_is_in_it_is_not_asked(circle: Circle, founder: Institution, other: Institution) -> None:
    joined(circle, other, founder)
    assert refused(invitations.invite, circle, other, institution=founder) == "in_circle_already"


def test_the_inviter_does_not_learn_of_a_circle_of_the_same_name(
    circle: Circle, founder: Institution, other: Institution
) -> None:
    circles.create_circle(name=circle.name, founder=other, actor=PLATFORM)
    invitation = asked(circle, other, founder)
    assert refused(joining.accept_invitation, invitation) == "circle_exists"
    assert CircleInvitation.objects.filter(pk=invitation.pk).exists()


def test_renamed_only_while_nobody_else_knows_its_name(
    circle: Circle, founder: Institution, other: Institution
) -> None:
    assert circles.rename_circle(circle, "Veille du Sud", institution=founder, actor=PLATFORM).name == "Veille du Sud"
    invitation = asked(circle, other, founder)
    assert refused(circles.rename_circle, circle, "Autre", institution=founder) == "circle_not_alone"
    joining.accept_invitation(invitation, actor=PLATFORM)
    assert refused(circles.rename_circle, circle, "Autre", institution=founder) == "circle_not_alone"


def test_management_is_shared_and_handed_over(circle: Circle, founder: Institution, other: Institution) -> None:
    joined(circle, other, founder)
    assert refused(circles.step_down, circle, institution=founder) == "last_circle_manager"
    circles.appoint(circle, other, institution=founder, actor=PLATFORM)
    assert refused(leaving.remove_member, circle, other, institution=founder) == "manages_too"
    circles.step_down(circle, institution=founder, actor=PLATFORM)
    assert circles.managing(circle) == {other.pk}


def test_no_circle_stays_without_somebody_who_manages_it(
    circle: Circle, founder: Institution, other: Institution
) -> None:
    joined(circle, other, founder)
    third = joined(circle, make_institution(), founder)
    suspend_institution(founder, reason="for the test", actor=PLATFORM)
    assert circles.managing(circle) == {other.pk}
    leaving.leave_circle(circle, founder, actor=PLATFORM)
    circles.appoint(circle, third, institution=other, actor=PLATFORM)
    assert circles.managing(circle) == {other.pk, third.pk}


@pytest.mark.django_db(transaction=True)
def test_a_removed_member_loses_the_circle_and_what_it_said_there(
    circle: Circle, founder: Institution, other: Institution, mailbox: Mailbox
) -> None:
    make_member(other, role=Role.MANAGER, email="hugo@inp-meriane.fr")
    joined(circle, other, founder)
    contribute(other, audience="circle", circle=circle)
    kept = contribute(other)
    assert leaving.said_there(circle, other) == 1
    assert leaving.remove_member(circle, other, institution=founder, actor=PLATFORM) == 1
    assert list(Contribution.unscoped.filter(institution=other, withdrawn_at__isnull=True)) == [kept]
    assert "Veille du Nord" in mailbox.letters("hugo@inp-meriane.fr")[-1].subject
    assert refused(leaving.remove_member, circle, other, institution=founder) == "not_in_circle"


def test_a_dissolved_circle_is_nobodys(circle: Circle, founder: Institution, other: Institution) -> None:
    joined(circle, other, founder)
    waiting = asked(circle, make_institution(), founder)
    for each in (founder, other):
        contribute(each, audience="circle", circle=circle)
    assert leaving.dissolve_circle(circle, institution=founder, actor=PLATFORM) == 2
    assert in_it(circle) == set()
    assert refused(joining.accept_invitation, waiting) == "invitation_over"
    assert not Contribution.unscoped.filter(circle=circle, withdrawn_at__isnull=True).exists()


def test_who_may_only_read_leaves_and_declines_and_does_nothing_else(
    circle: Circle, founder: Institution, other: Institution
) -> None:
    invitation = asked(circle, other, founder)
    Institution.objects.update(read_only_since=clock.now())
    for each in (founder, other):
        each.refresh_from_db()
    invitation = CircleInvitation.objects.get(pk=invitation.pk)
    code = "institution_read_only"
    assert refused(circles.create_circle, name="Autre", founder=founder) == code
    assert refused(invitations.invite, circle, make_institution(), institution=founder) == code
    assert refused(joining.accept_invitation, invitation) == code
    assert refused(circles.rename_circle, circle, "Autre", institution=founder) == code
    assert refused(circles.appoint, circle, other, institution=founder) == code
    invitations.decline_invitation(invitation, actor=PLATFORM)
    leaving.leave_circle(circle, founder, actor=PLATFORM)
    assert in_it(circle) == set()
