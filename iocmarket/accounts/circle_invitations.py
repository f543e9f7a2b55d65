"""Asking an institution into a circle: nobody is put into one unasked. Accepting is in indicators.joining.

The invited one sees the circle's name and who is in it, so that it knows what it answers. That an institution is in a
circle of the same name already is told to itself alone, when it accepts.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet

from iocmarket.accounts.circles import held_circle, record_change, require_managing, require_writing
from iocmarket.accounts.member_letters import write_to_managers
from iocmarket.accounts.models import Circle, CircleInvitation, Institution
from iocmarket.audit.services import Actor
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal

OPEN_FOR = timedelta(days=30)


@transaction.atomic
def invite(circle: Circle, invited: Institution, *, institution: Institution, actor: Actor) -> CircleInvitation:
    """Ask an institution; its managers get a letter. Asking again while the question is open changes nothing.

    Raises Refusal: `institution_read_only`, `not_circle_manager`, `in_circle_already`, `unknown_recipient` (an
    institution that is no approved member, the same as one that is not there).
    """
    require_writing(institution)
    circle = held_circle(circle)
    require_managing(circle, institution)
    if not invited.is_approved or invited.kind != Institution.Kind.MEMBER:
        raise Refusal("unknown_recipient", "this is not a member institution", where="/institution")
    if circle.memberships.filter(institution=invited).exists():
        raise Refusal("in_circle_already", f"{invited.name} is in the circle already", where="/institution")
    if held := open_invitations().filter(circle=circle, institution=invited).first():
        return held
    CircleInvitation.objects.filter(circle=circle, institution=invited).delete()  # one that expired
    made = CircleInvitation.objects.create(
        circle=circle, institution=invited, invited_by=institution, expires_at=clock.now() + OPEN_FOR
    )
    record_change("circle.invited", circle, invited, actor)
    write_to_managers(invited, "circle_invitation", {"by": institution.name, "circle": circle.name})
    return made


@transaction.atomic
def withdraw_invitation(invitation: CircleInvitation, *, institution: Institution, actor: Actor) -> None:
    """Take the question back. Raises Refusal(`not_circle_manager`)."""
    circle = held_circle(invitation.circle)
    require_managing(circle, institution)
    if CircleInvitation.objects.filter(pk=invitation.pk).delete()[0]:
        record_change("circle.invitation_withdrawn", circle, invitation.institution, actor)


@transaction.atomic
def decline_invitation(invitation: CircleInvitation, *, actor: Actor) -> None:
    """Say no."""
    if CircleInvitation.objects.filter(pk=invitation.pk).delete()[0]:
        record_change("circle.invitation_declined", invitation.circle, invitation.institution, actor)


def open_invitations() -> QuerySet[CircleInvitation]:
    """Those that can still be accepted."""
    return CircleInvitation.objects.filter(expires_at__gt=clock.now())


def invitations_to(institution: Institution) -> QuerySet[CircleInvitation]:
    """What the institution is asked, the oldest first."""
    asked = open_invitations().filter(institution=institution, circle__memberships__isnull=False).distinct()
    return asked.select_related("circle", "invited_by").order_by("created_at")


def invitations_into(circle: Circle) -> QuerySet[CircleInvitation]:
    """Who is asked into a circle and has not answered, the oldest first."""
    return open_invitations().filter(circle=circle).select_related("institution").order_by("created_at")
