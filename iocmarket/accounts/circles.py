"""Circles: sharing groups of institutions. Joining and leaving touch what is said there: indicators.joining, leaving.

Whoever is in a circle sees who else is; for everybody else it does not exist, not even by its name.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from iocmarket.accounts.models import Circle, CircleInvitation, CircleMembership, Institution
from iocmarket.audit.services import Actor, record
from iocmarket.kernel.decision import Refusal

NAME_MAX = 120


@transaction.atomic
def create_circle(*, name: str, founder: Institution, actor: Actor) -> Circle:
    """A new circle with its founder in it, who manages it.

    Raises Refusal: `institution_read_only`, `circle_name`, `circle_exists` (among the founder's own).
    """
    require_writing(founder)
    name = readable_name(name)
    hold_circles_of(founder)
    refuse_name_of_another(name, founder)
    circle = Circle.objects.create(name=name)
    CircleMembership.objects.create(circle=circle, institution=founder, manages=True)
    record("circle.created", actor=actor, subject_type="circle", subject_id=circle.public_id, details={})
    return circle


@transaction.atomic
def rename_circle(circle: Circle, name: str, *, institution: Institution, actor: Actor) -> Circle:
    """Another name, as long as nobody else is in the circle or asked into it.

    Later a name that one of the others uses already would have to be refused, which would tell of a circle of theirs.
    Raises Refusal: `institution_read_only`, `not_circle_manager`, `circle_not_alone`, `circle_name`, `circle_exists`.
    """
    require_writing(institution)
    circle = held_circle(circle)
    require_managing(circle, institution)
    if circle.memberships.count() > 1 or CircleInvitation.objects.filter(circle=circle).exists():
        raise Refusal("circle_not_alone", "a circle is renamed only while nobody else is in it or invited")
    hold_circles_of(institution)
    name = readable_name(name)
    refuse_name_of_another(name, institution, but=circle)
    circle.name = name
    circle.save(update_fields=["name"])
    record("circle.renamed", actor=actor, subject_type="circle", subject_id=circle.public_id, details={})
    return circle


@transaction.atomic
def appoint(circle: Circle, other: Institution, *, institution: Institution, actor: Actor) -> None:
    """Let another member of the circle manage it too. Appointing twice changes nothing.

    Raises Refusal: `institution_read_only`, `not_circle_manager`, `not_in_circle`.
    """
    require_writing(institution)
    circle = held_circle(circle)
    require_managing(circle, institution)
    if not circle.memberships.filter(institution=other).exists():
        raise Refusal("not_in_circle", f"{other.name} is not in the circle")
    # The one who appoints may manage only because nobody else does: from now on it is written.
    circle.memberships.filter(institution=institution).update(manages=True)
    if circle.memberships.filter(institution=other, manages=False).update(manages=True):
        record_change("circle.manager_appointed", circle, other, actor)


@transaction.atomic
def step_down(circle: Circle, *, institution: Institution, actor: Actor) -> None:
    """Manage the circle no longer. Raises Refusal: `not_circle_manager`, `last_circle_manager`."""
    circle = held_circle(circle)
    require_managing(circle, institution)
    if managing(circle) == {institution.pk}:
        raise Refusal("last_circle_manager", "nobody else manages the circle: appoint another institution first")
    circle.memberships.filter(institution=institution).update(manages=False)
    record_change("circle.manager_stepped_down", circle, institution, actor)


@transaction.atomic
def remove_from_circle(circle: Circle, institution: Institution, *, actor: Actor) -> bool:
    """End a membership; whether there was one. Only `indicators` calls it, which sees to the statements."""
    hold_circles_of(institution)
    left, _each = CircleMembership.objects.filter(circle=circle, institution=institution).delete()
    if left:
        record_change("circle.left", circle, institution, actor)
    return bool(left)


def circles_of(institution: Institution) -> QuerySet[Circle]:
    """The circles that the institution is in, by name."""
    return Circle.objects.filter(memberships__institution=institution).order_by("name", "pk")


def members_of(circle: Circle) -> list[CircleMembership]:
    """Who is in a circle, the longest first."""
    return list(circle.memberships.select_related("institution").order_by("joined_at", "pk"))


def managing(circle: Circle) -> set[int]:
    """The institutions (by id) that manage a circle now.

    One that is suspended does not. Where none is left that could, the longest member does: no circle stays without.
    """
    return managing_among(members_of(circle))


def managing_among(members: Iterable[CircleMembership]) -> set[int]:
    """The same of memberships that were read already, the longest first."""
    able = [member for member in members if member.institution.is_approved]
    return {member.institution_id for member in able if member.manages} or {each.institution_id for each in able[:1]}


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


def readable_name(name: str) -> str:
    """A name without needless blanks. Raises Refusal(`circle_name`)."""
    name = " ".join(name.split())
    if not name or len(name) > NAME_MAX or not name.isprintable():
        raise Refusal("circle_name", f"a circle has a name of at most {NAME_MAX} characters")
    return name


def refuse_name_of_another(name: str, institution: Institution, *, but: Circle | None = None) -> None:
    """Raises Refusal(`circle_exists`) where the institution is in another circle of that name."""
    same = Circle.objects.filter(institutions=institution, name__iexact=name)
    if (same.exclude(pk=but.pk) if but else same).exists():
        raise Refusal("circle_exists", f"you are in a circle named {name!r} already")


def require_managing(circle: Circle, institution: Institution) -> None:
    """Raises Refusal(`not_circle_manager`)."""
    if institution.pk not in managing(circle):
        raise Refusal("not_circle_manager", "another institution manages this circle")


def require_writing(institution: Institution) -> None:
    """Raises Refusal(`institution_read_only`) for one that did not confirm itself in time."""
    if institution.is_read_only:
        raise Refusal("institution_read_only", "the institution may only read until it confirms contacts and assets")


def held_circle(circle: Circle) -> Circle:
    """The circle as it is now, to be changed by nobody else until the transaction ends."""
    return Circle.objects.select_for_update().get(pk=circle.pk)


def hold_circles_of(institution: Institution) -> None:
    """One change at a time in the circles of an institution: names are compared before they are written."""
    Institution.objects.select_for_update().get(pk=institution.pk)


def record_change(action: str, circle: Circle, institution: Institution, actor: Actor) -> None:
    """Write what became of an institution in a circle."""
    record(
        action, actor=actor, subject_type="circle", subject_id=circle.public_id,
        details={"institution": str(institution.public_id)},
    )  # fmt: skip
