"""The pages of circles. Thin: circles.py, circle_invitations.py, indicators.joining and leaving decide and write.

A circle that the reader's institution is not in does not exist: 404, as for an address that was made up.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from iocmarket.accounts import circle_invitations as invitations
from iocmarket.accounts import circles
from iocmarket.accounts.circle_forms import CircleForm, InviteForm
from iocmarket.accounts.models import Circle, CircleMembership, Institution, Member
from iocmarket.accounts.roles import Capability
from iocmarket.accounts.views import actor_of, member_and_own, require
from iocmarket.indicators import joining, leaving
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.reasons import sentence_of


@login_required
@require_http_methods(["GET", "POST"])
def circles_page(request: HttpRequest) -> HttpResponse:
    """The own circles, what the institution is asked into, and a form to found one."""
    member, own = member_and_own(request)
    form = CircleForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        require(member, Capability.CIRCLES_MANAGE)
        if form.is_valid():
            try:
                made = circles.create_circle(name=form.cleaned_data["name"], founder=own, actor=actor_of(member))
            except Refusal as refusal:
                form.add_error("name", sentence_of(refusal))
            else:
                messages.success(request, _("The circle “%(name)s” is founded.") % {"name": made.name})
                return redirect("circle", made.public_id)
    context = {
        "circles": [_row(circle, own) for circle in circles.circles_of(own)],
        "invitations": [(asked, circles.members_of(asked.circle)) for asked in invitations.invitations_to(own)],
        "form": form,
        "may_manage": member.may(Capability.CIRCLES_MANAGE),
    }
    return render(request, "accounts/circles.html", context, status=422 if form.errors else 200)


@login_required
@require_GET
def circle_page(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One circle: who is in it, who is asked, and what can be done."""
    member, own = member_and_own(request)
    return _shown(request, _circle(own, public_id), member, own)


@login_required
@require_POST
def answer(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Accept or decline an invitation to the own institution."""
    member, own = member_and_own(request)
    require(member, Capability.CIRCLES_MANAGE)
    asked = get_object_or_404(invitations.invitations_to(own), public_id=public_id)
    if request.POST.get("answer") == "decline":
        invitations.decline_invitation(asked, actor=actor_of(member))
        messages.success(request, _("The invitation is declined."))
        return redirect("circles")
    try:
        joining.accept_invitation(asked, actor=actor_of(member))
    except Refusal as refusal:
        messages.error(request, sentence_of(refusal))
        return redirect("circles")
    messages.success(request, _("Your institution is in the circle “%(name)s”.") % {"name": asked.circle.name})
    return redirect("circle", asked.circle.public_id)


@login_required
@require_POST
def act(request: HttpRequest, public_id: UUID, act: str) -> HttpResponse:
    """One of ACTS on a circle of the own institution."""
    member, own = member_and_own(request)
    require(member, Capability.CIRCLES_MANAGE)
    circle = _circle(own, public_id)
    if act not in ACTS:
        raise Http404
    try:
        return ACTS[act](request, circle, member, own)
    except Refusal as refusal:
        messages.error(request, sentence_of(refusal))
        return redirect("circle", circle.public_id)


def _rename(request: HttpRequest, circle: Circle, member: Member, own: Institution) -> HttpResponse:
    form = CircleForm(request.POST)
    if not form.is_valid():
        raise Refusal("circle_name", "the name cannot be used")
    circles.rename_circle(circle, form.cleaned_data["name"], institution=own, actor=actor_of(member))
    messages.success(request, _("The circle has a new name."))
    return redirect("circle", circle.public_id)


def _invite(request: HttpRequest, circle: Circle, member: Member, own: Institution) -> HttpResponse:
    form = InviteForm(request.POST, circle=circle)
    if not form.is_valid():
        raise Refusal("unknown_recipient", "this is not a member institution")
    asked = invitations.invite(circle, form.cleaned_data["institution"], institution=own, actor=actor_of(member))
    told = _("%(name)s is invited: its managers decide.") % {"name": asked.institution.name}
    messages.success(request, told)
    return redirect("circle", circle.public_id)


def _withdraw(request: HttpRequest, circle: Circle, member: Member, own: Institution) -> HttpResponse:
    asked = get_object_or_404(invitations.invitations_into(circle), public_id=_named(request, "invitation"))
    invitations.withdraw_invitation(asked, institution=own, actor=actor_of(member))
    messages.success(request, _("The invitation of %(name)s is withdrawn.") % {"name": asked.institution.name})
    return redirect("circle", circle.public_id)


def _remove(request: HttpRequest, circle: Circle, member: Member, own: Institution) -> HttpResponse:
    other = _other(request, circle)
    leaving.remove_member(circle, other, institution=own, actor=actor_of(member))
    messages.success(request, _("%(name)s is no longer in the circle.") % {"name": other.name})
    return redirect("circle", circle.public_id)


def _appoint(request: HttpRequest, circle: Circle, member: Member, own: Institution) -> HttpResponse:
    other = _other(request, circle)
    circles.appoint(circle, other, institution=own, actor=actor_of(member))
    messages.success(request, _("%(name)s manages the circle too.") % {"name": other.name})
    return redirect("circle", circle.public_id)


def _step_down(request: HttpRequest, circle: Circle, member: Member, own: Institution) -> HttpResponse:
    circles.step_down(circle, institution=own, actor=actor_of(member))
    messages.success(request, _("Your institution no longer manages the circle."))
    return redirect("circle", circle.public_id)


def _leave(request: HttpRequest, circle: Circle, member: Member, own: Institution) -> HttpResponse:
    leaving.leave_circle(circle, own, actor=actor_of(member))
    messages.success(request, _("Your institution has left the circle “%(name)s”.") % {"name": circle.name})
    return redirect("circles")


def _dissolve(request: HttpRequest, circle: Circle, member: Member, own: Institution) -> HttpResponse:
    leaving.dissolve_circle(circle, institution=own, actor=actor_of(member))
    messages.success(request, _("The circle “%(name)s” is dissolved.") % {"name": circle.name})
    return redirect("circles")


ACTS: dict[str, Callable[[HttpRequest, Circle, Member, Institution], HttpResponse]] = {
    "rename": _rename,
    "invite": _invite,
    "withdraw": _withdraw,
    "remove": _remove,
    "appoint": _appoint,
    "step-down": _step_down,
    "leave": _leave,
    "dissolve": _dissolve,
}


def _shown(request: HttpRequest, circle: Circle, member: Member, own: Institution) -> HttpResponse:
    members = circles.members_of(circle)
    managing = circles.managing_among(members)
    manages = own.pk in managing and member.may(Capability.CIRCLES_MANAGE)
    asked = list(invitations.invitations_into(circle))
    context: dict[str, Any] = {
        "circle": circle,
        "members": [(each, each.institution_id in managing) for each in members],
        "own": own,
        "manages": manages,
        "may_manage": member.may(Capability.CIRCLES_MANAGE),
        "alone_managing": managing == {own.pk},
        "alone": len(members) == 1 and not asked,
        "invitations": asked,
        "invite_form": InviteForm(circle=circle) if manages else None,
        "rename_form": CircleForm(initial={"name": circle.name}),
        "said": leaving.said_there(circle, own),
    }
    return render(request, "accounts/circle.html", context)


def _row(circle: Circle, own: Institution) -> dict[str, Any]:
    members = circles.members_of(circle)
    mine = [each for each in members if each.institution_id == own.pk]
    since: CircleMembership | None = mine[0] if mine else None
    managing = circles.managing_among(members)
    return {"circle": circle, "members": members, "since": since, "manages": own.pk in managing}


def _circle(own: Institution, public_id: UUID) -> Circle:
    return get_object_or_404(circles.circles_of(own), public_id=public_id)


def _other(request: HttpRequest, circle: Circle) -> Institution:
    """The member of this circle that the form names."""
    return get_object_or_404(Institution, circles=circle, public_id=_named(request, "institution"))


def _named(request: HttpRequest, field: str) -> UUID:
    try:
        return UUID(request.POST.get(field, ""))
    except ValueError as error:
        raise Http404 from error
