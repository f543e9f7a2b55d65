"""Leaving a circle: the institution loses it at once, and takes back what it said there.

A statement that its own institution no longer sees could not be amended or taken back by anybody (ADR 0031).
"""

from __future__ import annotations

from django.db import transaction

from iocmarket.accounts.circles import remove_from_circle
from iocmarket.accounts.models import Circle, Institution
from iocmarket.audit.services import Actor, record
from iocmarket.indicators.locks import hold_institution
from iocmarket.indicators.models import Contribution, Sighting
from iocmarket.kernel import clock
from iocmarket.publication.audiences import circle as circle_key
from iocmarket.publication.outbox import announce


@transaction.atomic
def leave_circle(circle: Circle, institution: Institution, *, actor: Actor) -> int:
    """Take an institution out of a circle; how many of its statements were taken back. Twice changes nothing."""
    hold_institution(institution.pk)
    if not remove_from_circle(circle, institution, actor=actor):
        return 0
    said = Contribution.unscoped.filter(institution=institution, circle=circle, withdrawn_at__isnull=True)
    met = Sighting.unscoped.filter(institution=institution, circle=circle, withdrawn_at__isnull=True)
    spoken_of = {*said.values_list("indicator_id", flat=True), *met.values_list("indicator_id", flat=True)}
    told = {pk: (circle_key(circle.pk),) for pk in spoken_of}
    count = said.update(withdrawn_at=clock.now())
    met.update(withdrawn_at=clock.now())
    announce(told)
    if count:
        record(
            "contribution.withdrawn", actor=actor, subject_type="circle", subject_id=circle.public_id,
            details={"count": count, "why": "circle.left"},
        )  # fmt: skip
    return count
