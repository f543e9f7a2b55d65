"""Leaving a circle: the institution loses it at once, and takes back what it said there.

A statement that its own institution no longer sees could not be amended or taken back by anybody (ADR 0031).
"""

from __future__ import annotations

from django.db import transaction

from iocmarket.accounts.circles import held_circle, managing, members_of, remove_from_circle, require_managing
from iocmarket.accounts.member_letters import write_to_managers
from iocmarket.accounts.models import Circle, CircleInvitation, Institution
from iocmarket.audit.services import Actor, record
from iocmarket.indicators.locks import hold_institution
from iocmarket.indicators.models import Contribution, Sighting
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal
from iocmarket.publication.audiences import circle as circle_key
from iocmarket.publication.models import Outbox
from iocmarket.publication.outbox import announce

CHUNK = 2000
"""Changes that are announced beside what others share; more of them go behind it."""


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
    announce(told, lane=Outbox.Lane.LATER if len(told) > CHUNK else Outbox.Lane.NOW)
    if count:
        record(
            "contribution.withdrawn", actor=actor, subject_type="circle", subject_id=circle.public_id,
            details={"count": count, "why": "circle.left"},
        )  # fmt: skip
    return count


def said_there(circle: Circle, institution: Institution) -> int:
    """How many statements the institution would take back by leaving."""
    return Contribution.unscoped.filter(institution=institution, circle=circle, withdrawn_at__isnull=True).count()


@transaction.atomic
def remove_member(circle: Circle, other: Institution, *, institution: Institution, actor: Actor) -> int:
    """Put another institution out, as if it left; its managers get a letter. How many statements were taken back.

    Raises Refusal: `not_circle_manager`, `manages_too` (one that manages leaves by itself), `not_in_circle`.
    """
    circle = held_circle(circle)
    require_managing(circle, institution)
    if not circle.memberships.filter(institution=other).exists():
        raise Refusal("not_in_circle", f"{other.name} is not in the circle")
    if other.pk in managing(circle):
        raise Refusal("manages_too", f"{other.name} manages the circle too: only it can leave by itself")
    count = leave_circle(circle, other, actor=actor)
    write_to_managers(other, "circle_ended", {"circle": circle.name, "by": institution.name, "count": count})
    return count


@transaction.atomic
def dissolve_circle(circle: Circle, *, institution: Institution, actor: Actor) -> int:
    """Let everybody leave, the managers of the others being told. How many statements were taken back, of all.

    The row stays, in nobody's sight: statements name it. Raises Refusal(`not_circle_manager`).
    """
    circle = held_circle(circle)
    require_managing(circle, institution)
    CircleInvitation.objects.filter(circle=circle).delete()
    total = 0
    # In the order of their ids, so that two who dissolve circles of the same members do not wait for each other.
    for member in sorted((each.institution for each in members_of(circle)), key=lambda each: each.pk):
        count = leave_circle(circle, member, actor=actor)
        total += count
        if member.pk != institution.pk:
            write_to_managers(member, "circle_ended", {"circle": circle.name, "by": institution.name, "count": count})
    record("circle.dissolved", actor=actor, subject_type="circle", subject_id=circle.public_id, details={})
    return total
