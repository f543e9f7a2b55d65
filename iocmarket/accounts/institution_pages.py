"""The life of an institution: suspended, let in again, gone, merged. By administrators; leaving, by its own managers.

Administration shows people and counts, never a value. Thin: standing.py, departing.py and merging.py decide and write.
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from iocmarket.accounts import people, recertifying, standing
from iocmarket.accounts.models import Institution, Member, Token
from iocmarket.accounts.people_forms import WITHDRAW, DepartureForm, MergeForm, ReasonForm
from iocmarket.accounts.people_pages import rows_of
from iocmarket.accounts.reauthentication import fresh_login
from iocmarket.accounts.roles import Capability
from iocmarket.accounts.views import actor_of, member_and_own, member_with, require
from iocmarket.indicators.departing import leave_community
from iocmarket.indicators.merging import merge_institutions
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.reasons import sentence_of


@login_required
@require_GET
def institution(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One institution as administrators see it."""
    return _page(request, *_of(request, public_id))


@login_required
@fresh_login
@require_POST
def suspend(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Take it out for the time being."""
    administrator, found = _of(request, public_id)
    form = ReasonForm(request.POST)

    def act() -> str:
        standing.suspend_institution(found, reason=form.cleaned_data["reason"], actor=actor_of(administrator))
        return _("%(name)s is suspended: its people and machines are out.")

    return _done(request, administrator, found, {"suspend_form": form}, form, act)


@login_required
@require_POST
def reinstate(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Let it in again."""
    administrator, found = _of(request, public_id)
    form = forms.Form(request.POST)

    def act() -> str:
        standing.reinstate_institution(found, actor=actor_of(administrator))
        return _("%(name)s is in again.")

    return _done(request, administrator, found, {}, form, act)


@login_required
@fresh_login
@require_POST
def leave(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Write that it has left."""
    administrator, found = _of(request, public_id)
    form = DepartureForm(request.POST, institution=found)

    def act() -> str:
        _depart(found, form, administrator)
        return _("%(name)s has left the community.")

    return _done(request, administrator, found, {"leave_form": form}, form, act)


@login_required
@fresh_login
@require_POST
def merge(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Make it one with another."""
    administrator, found = _of(request, public_id)
    form = MergeForm(request.POST, institution=found)

    def act() -> str:
        merge_institutions(found, form.cleaned_data["target"], actor=actor_of(administrator))
        return _("%(name)s has ended: its people and what it said belong to the other institution now.")

    return _done(request, administrator, found, {"merge_form": form}, form, act)


@login_required
@fresh_login
@require_http_methods(["GET", "POST"])
def departure(request: HttpRequest) -> HttpResponse:
    """A manager takes the own institution out of the community."""
    manager, own = member_and_own(request)
    require(manager, Capability.LEAVE)
    form = DepartureForm(request.POST if request.method == "POST" else None, institution=own)
    if form.is_valid():
        try:
            _depart(own, form, manager)
        except Refusal as refusal:
            form.add_error(None, sentence_of(refusal))
        else:
            return redirect("account_login")
    context = {"form": form, "institution": own}
    return render(request, "accounts/departure.html", context, status=422 if form.is_bound else 200)


def _depart(leaving: Institution, form: DepartureForm, by: Member) -> None:
    told = form.cleaned_data
    leave_community(leaving, withdraw=told["statements"] == WITHDRAW, reason=told["reason"], actor=actor_of(by))


def _of(request: HttpRequest, public_id: UUID) -> tuple[Member, Institution]:
    """Raises Http404 for whoever is no administrator, as for an institution that is not there."""
    administrator = member_with(request, Capability.INSTITUTIONS_MANAGE)
    return administrator, get_object_or_404(Institution, public_id=public_id, kind=Institution.Kind.MEMBER)


def _done(
    request: HttpRequest,
    administrator: Member,
    found: Institution,
    bound: dict[str, forms.Form],
    form: forms.Form,
    act: Callable[[], str],
) -> HttpResponse:
    """Do it and come back; the page again with what was wrong."""
    if not form.is_valid():
        return _page(request, administrator, found, bound)
    try:
        messages.success(request, act() % {"name": found.name})
    except Refusal as refusal:
        messages.error(request, sentence_of(refusal))
    if found.pk == administrator.institution_id:
        return redirect("home")
    return redirect("institution", found.public_id)


def _page(
    request: HttpRequest, administrator: Member, found: Institution, bound: dict[str, forms.Form] | None = None
) -> HttpResponse:
    context = {
        "institution": found,
        "people": rows_of(found, administrator),
        "roles": people.roles_given_by(administrator),
        "tokens": Token.objects.filter(institution=found, revoked_at__isnull=True).count(),
        "due": recertifying.due_at(found),
        "erased_rows": sum(found.erasure.counts.values()) if hasattr(found, "erasure") else 0,
        "end": recertifying.suspended_at(found),
        "suspend_form": ReasonForm(auto_id="suspend_%s"),
        "leave_form": DepartureForm(institution=found, auto_id="leave_%s"),
        "merge_form": MergeForm(institution=found, auto_id="merge_%s"),
        **(bound or {}),
    }
    return render(request, "accounts/institution.html", context, status=422 if bound else 200)
