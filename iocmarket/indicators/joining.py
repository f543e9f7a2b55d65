"""Joining a circle: the institution reads it from its start, and learns what circulates there of its own values."""

from __future__ import annotations

from django.db import transaction

from iocmarket.accounts.circles import join_circle
from iocmarket.accounts.models import Circle, CircleMembership, Institution
from iocmarket.audit.services import Actor
from iocmarket.indicators.circulation import note_circulation
from iocmarket.indicators.models import Contribution


@transaction.atomic
def enter_circle(circle: Circle, institution: Institution, *, actor: Actor) -> CircleMembership:
    """Let an institution in, and alert it where somebody there asks for less care than it does (domain.md, rule 3).

    Raises Refusal as `join_circle` does.
    """
    membership = join_circle(circle, institution, actor=actor)
    own = Contribution.unscoped.filter(institution=institution, withdrawn_at__isnull=True, pap__gt=0)
    met = Contribution.unscoped.filter(
        circle=circle, withdrawn_at__isnull=True, indicator__in=own.values("indicator_id")
    )
    note_circulation(set(met.values_list("indicator_id", flat=True)))
    return membership
