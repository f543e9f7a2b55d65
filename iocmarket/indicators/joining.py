"""Joining a circle: the institution reads it from its start, and learns what circulates there of its own values.

The only way in: a membership without the alert would let a stricter statement circulate without its author knowing.
"""

from __future__ import annotations

from django.db import transaction

from iocmarket.accounts.circles import hold_circles_of, record_change
from iocmarket.accounts.models import Circle, CircleMembership, Institution
from iocmarket.audit.services import Actor
from iocmarket.indicators.circulation import note_circulation
from iocmarket.indicators.models import Contribution
from iocmarket.kernel.decision import Refusal


@transaction.atomic
def join_circle(circle: Circle, institution: Institution, *, actor: Actor) -> CircleMembership:
    """Let an institution in: it reads the circle from its start, but for what was withdrawn before.

    It is alerted where somebody there asks for less care than it does (domain.md, rule 3). Joining twice changes
    nothing. Raises Refusal: `not_approved`, `circle_exists` (it is in one of that name already).
    """
    hold_circles_of(institution)
    if held := CircleMembership.objects.filter(circle=circle, institution=institution).first():
        return held
    if not institution.is_approved:
        raise Refusal("not_approved", f"{institution.name} is no approved member of the community")
    if Circle.objects.filter(institutions=institution, name__iexact=circle.name).exists():
        raise Refusal("circle_exists", f"{institution.name} is in a circle named {circle.name!r} already")
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
