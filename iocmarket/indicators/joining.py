"""Joining a circle: the institution reads it from its start, and learns what circulates there of its own values.

The only way in: a membership without the alert would let a stricter statement circulate without its author knowing.
"""

from __future__ import annotations

from django.db import transaction

from iocmarket.accounts.circle_invitations import open_invitations
from iocmarket.accounts.circles import (
    held_circle,
    hold_circles_of,
    managing,
    record_change,
    refuse_name_of_another,
    require_writing,
)
from iocmarket.accounts.member_letters import write_to_managers
from iocmarket.accounts.models import Circle, CircleInvitation, CircleMembership, Institution
from iocmarket.audit.services import Actor
from iocmarket.indicators.circulation import note_circulation
from iocmarket.indicators.locks import hold_institution
from iocmarket.indicators.models import Contribution
from iocmarket.kernel.decision import Refusal


@transaction.atomic
def accept_invitation(invitation: CircleInvitation, *, actor: Actor) -> CircleMembership:
    """Join the circle that the institution was asked into; the circle's managers get a letter.

    Raises Refusal: `invitation_over` (withdrawn, expired, answered, or the circle was dissolved),
    `institution_read_only`, and those of `join_circle`.
    """
    circle, institution = held_circle(invitation.circle), invitation.institution
    require_writing(institution)
    asked = open_invitations().filter(pk=invitation.pk, circle__memberships__isnull=False)
    if not asked.exists():
        raise Refusal("invitation_over", "the invitation was withdrawn or has expired")
    hosts = Institution.objects.filter(pk__in=managing(circle))
    membership = join_circle(circle, institution, actor=actor)
    CircleInvitation.objects.filter(pk=invitation.pk).delete()
    for host in hosts:
        write_to_managers(host, "circle_joined", {"who": institution.name, "circle": circle.name})
    return membership


@transaction.atomic
def join_circle(circle: Circle, institution: Institution, *, actor: Actor) -> CircleMembership:
    """Let an institution in: it reads the circle from its start, but for what was withdrawn before.

    It is alerted where somebody there asks for less care than it does (domain.md, rule 3). Joining twice changes
    nothing. Raises Refusal: `not_approved`, `circle_exists` (it is in one of that name already).
    """
    hold_institution(institution.pk)
    hold_circles_of(institution)
    if held := CircleMembership.objects.filter(circle=circle, institution=institution).first():
        return held
    if not institution.is_approved:
        raise Refusal("not_approved", f"{institution.name} is no approved member of the community")
    refuse_name_of_another(circle.name, institution)
    membership = CircleMembership.objects.create(circle=circle, institution=institution)
    record_change("circle.joined", circle, institution, actor)
    note_circulation(met_there(circle, institution))
    return membership


def met_there(circle: Circle, institution: Institution) -> set[int]:
    """The values of which both the circle and the institution speak, the latter not in PAP:CLEAR."""
    own = Contribution.unscoped.filter(institution=institution, withdrawn_at__isnull=True, pap__gt=0)
    met = Contribution.unscoped.filter(
        circle=circle, withdrawn_at__isnull=True, indicator__in=own.values("indicator_id")
    )
    return set(met.values_list("indicator_id", flat=True))
