"""Circles: sharing groups of institutions. Joining and leaving touch what is said there: indicators.joining, leaving.

Whoever is in a circle sees who else is; for everybody else it does not exist.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction

from iocmarket.accounts.models import Circle, CircleMembership, Institution
from iocmarket.audit.services import Actor, record
from iocmarket.kernel.decision import Refusal

NAME_MAX = 120


@transaction.atomic
def create_circle(*, name: str, founder: Institution, actor: Actor) -> Circle:
    """A new circle with its founder in it. Raises Refusal: `circle_name`, `circle_exists` (among the founder's own)."""
    name = " ".join(name.split())
    if not name or len(name) > NAME_MAX or not name.isprintable():
        raise Refusal("circle_name", f"a circle has a name of at most {NAME_MAX} characters")
    hold_circles_of(founder)
    if Circle.objects.filter(institutions=founder, name__iexact=name).exists():
        raise Refusal("circle_exists", f"you are in a circle named {name!r} already")
    circle = Circle.objects.create(name=name)
    CircleMembership.objects.create(circle=circle, institution=founder)
    record("circle.created", actor=actor, subject_type="circle", subject_id=circle.public_id, details={})
    return circle


@transaction.atomic
def remove_from_circle(circle: Circle, institution: Institution, *, actor: Actor) -> bool:
    """End a membership; whether there was one. Only `indicators.leaving` calls it, which sees to the statements."""
    hold_circles_of(institution)
    left, _each = CircleMembership.objects.filter(circle=circle, institution=institution).delete()
    if left:
        record_change("circle.left", circle, institution, actor)
    return bool(left)


def circles_named(names: Iterable[str], *, institution_id: int, where: str = "") -> list[Circle]:
    """Circles that the institution is in, by name in any case or by public id, in order.

    Raises Refusal(`unknown_circle`), the same for a circle of others and for none.
    """
    own = Circle.objects.filter(memberships__institution_id=institution_id)
    return [_named(name, own, where) for name in names]


def _named(name: str, own: Iterable[Circle], where: str) -> Circle:
    typed = " ".join(name.split()).casefold()
    for circle in own:
        if typed == circle.name.casefold() or _same_id(typed, circle.public_id):
            return circle
    raise Refusal("unknown_circle", f"{name[:80]!r} is not a circle that you are in", where=where)


def _same_id(text: str, public_id: UUID) -> bool:
    return text == str(public_id)


def hold_circles_of(institution: Institution) -> None:
    """One change at a time in the circles of an institution: names are compared before they are written."""
    Institution.objects.select_for_update().get(pk=institution.pk)


def record_change(action: str, circle: Circle, institution: Institution, actor: Actor) -> None:
    """Write that an institution joined or left."""
    record(
        action, actor=actor, subject_type="circle", subject_id=circle.public_id,
        details={"institution": str(institution.public_id)},
    )  # fmt: skip
