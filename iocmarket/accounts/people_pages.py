"""The directory of the community, with the own institution's people. Thin: people.py decides and writes."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.db.models import Count, Prefetch, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from iocmarket.accounts import people
from iocmarket.accounts.invitations import open_invitations
from iocmarket.accounts.models import Institution, Member
from iocmarket.accounts.people_forms import InviteForm
from iocmarket.accounts.reauthentication import fresh_login
from iocmarket.accounts.roles import Capability, Role
from iocmarket.accounts.views import member_of
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.reasons import sentence_of


@login_required
@require_GET
def members(request: HttpRequest) -> HttpResponse:
    """Who is in the community, and the people of the own institution."""
    return directory(request, member_of(request))


def directory(request: HttpRequest, member: Member, *, form: InviteForm | None = None) -> HttpResponse:
    """The page, also with a form that was not accepted."""
    institution = member.institution
    manages = member.may(Capability.MEMBERS_MANAGE)
    context = {
        "institutions": listed(everybody=member.may(Capability.INSTITUTIONS_MANAGE)),
        "institution": institution,
        "people": rows_of(institution, member) if institution else [],
        "manages": manages,
        "administers": member.may(Capability.INSTITUTIONS_MANAGE),
        "roles": people.roles_given_by(member),
        "invitations": open_invitations(institution) if institution and manages else [],
        "form": form or InviteForm(by=member, initial={"language": request.LANGUAGE_CODE}),
        "moment": clock.now(),
    }
    return render(request, "accounts/members.html", context, status=422 if form else 200)


def listed(*, everybody: bool) -> QuerySet[Institution]:
    """The member institutions, each with `heads` (people) and its managers; administrators see those that are out."""
    inside = Q(members__state=Member.State.APPROVED, members__is_active=True)
    managers = Member.objects.filter(state=Member.State.APPROVED, is_active=True, role=Role.MANAGER).order_by("name")
    shown = Institution.objects.filter(kind=Institution.Kind.MEMBER)
    if everybody:
        shown = shown.exclude(state__in=[Institution.State.APPLIED, Institution.State.VOUCHED])
    else:
        shown = shown.filter(state=Institution.State.APPROVED)
    return (
        shown.annotate(heads=Count("members", filter=inside))
        .prefetch_related(Prefetch("members", queryset=managers, to_attr="managers"))
        .order_by("name")
    )


def rows_of(institution: Institution, by: Member) -> list[dict[str, object]]:
    """The people of an institution, each with what this reader may do with the person."""
    return [
        {"person": person, "acts": bool(people.may_act_on(by, person)), "oneself": person.pk == by.pk}
        for person in people.people_of(institution)
    ]


@login_required
@fresh_login
@require_POST
def role(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Give somebody another role."""
    wanted = request.POST.get("role", "")

    def act(person: Member, by: Member) -> str:
        if wanted not in Role.values:
            raise Refusal("role_unknown", _("That is no role."))
        changed = people.change_role(person, role=Role(wanted), by=by)
        return _("%(name)s: %(role)s from now on.") % {"name": changed, "role": changed.get_role_display()}

    return _on(request, public_id, act)


@login_required
@fresh_login
@require_POST
def sessions(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Log somebody out everywhere."""

    def act(person: Member, by: Member) -> str:
        people.end_sessions(person, by=by)
        return _("%(name)s is logged out everywhere.") % {"name": person}

    return _on(request, public_id, act)


@login_required
@fresh_login
@require_POST
def remove(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Take somebody out, or leave oneself."""

    def act(person: Member, by: Member) -> str:
        people.remove_member(person, by=by)
        if person.pk == by.pk:
            logout(request)
            return _("You have left. What you shared stays with your institution.")
        return _("%(name)s is out. What this person shared stays.") % {"name": person}

    return _on(request, public_id, act)


def _on(request: HttpRequest, public_id: UUID, act: Callable[[Member, Member], str]) -> HttpResponse:
    """One act on one person. Raises Http404 for who is not there for this reader: others' people, as nobody."""
    by = member_of(request)
    found = Member.objects.filter(state=Member.State.APPROVED, is_active=True)
    if not by.may(Capability.INSTITUTIONS_MANAGE):
        # Who manages nobody finds nobody but oneself.
        found = (
            found.filter(institution=by.institution) if by.may(Capability.MEMBERS_MANAGE) else found.filter(pk=by.pk)
        )
    person = get_object_or_404(found.select_related("institution"), public_id=public_id)
    try:
        messages.success(request, act(person, by))
    except Refusal as refusal:
        messages.error(request, sentence_of(refusal))
    if person.institution_id != by.institution_id and person.institution is not None:
        return redirect("institution", person.institution.public_id)
    return redirect("members")
