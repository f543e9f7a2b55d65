"""Inviting colleagues, and the page behind the link. Thin: invitations.py decides and writes."""

from __future__ import annotations

from uuid import UUID

from allauth.account.utils import perform_login
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from iocmarket.accounts import invitations
from iocmarket.accounts.languages import language_here
from iocmarket.accounts.models import Institution, Invitation, Member
from iocmarket.accounts.people_forms import AcceptForm, InviteForm
from iocmarket.accounts.people_pages import directory
from iocmarket.accounts.reauthentication import fresh_login
from iocmarket.accounts.roles import Capability, Role
from iocmarket.accounts.views import member_with
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.reasons import sentence_of
from iocmarket.web.throttles import hold, limited


@login_required
@fresh_login
@require_POST
def invite(request: HttpRequest) -> HttpResponse:
    """Send an invitation into the own institution."""
    manager = member_with(request, Capability.MEMBERS_MANAGE)
    institution = manager.institution
    if institution is None:
        raise Http404
    form = InviteForm(request.POST, by=manager)
    if not form.is_valid():
        return directory(request, manager, form=form)
    hold("mail", f"institution:{institution.pk}")
    told = form.cleaned_data
    try:
        invitations.invite(
            institution, email=told["email"], role=Role(told["role"]), by=manager, language=told["language"]
        )
    except Refusal as refusal:
        form.add_error("email" if refusal.where == "/email" else None, sentence_of(refusal))
        return directory(request, manager, form=form)
    messages.success(request, _("An invitation is on its way to %(address)s.") % {"address": told["email"]})
    return redirect("members")


@login_required
@require_POST
def resend(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Send an invitation of the own institution again."""
    manager = member_with(request, Capability.MEMBERS_MANAGE)
    invitation = _own(manager, public_id)
    hold("mail", f"institution:{invitation.institution_id}")
    try:
        invitations.resend(invitation, by=manager, language=language_here())
    except Refusal as refusal:
        messages.error(request, sentence_of(refusal))
    else:
        said_so = _("A new link is on its way to %(address)s; the old one opens nothing any more.")
        messages.success(request, said_so % {"address": invitation.email})
    return redirect("members")


@login_required
@require_POST
def revoke(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Take an invitation of the own institution back."""
    manager = member_with(request, Capability.MEMBERS_MANAGE)
    invitation = _own(manager, public_id)
    try:
        invitations.revoke(invitation, by=manager)
    except Refusal as refusal:
        messages.error(request, sentence_of(refusal))
    else:
        messages.success(
            request, _("The link sent to %(address)s opens nothing any more.") % {"address": invitation.email}
        )
    return redirect("members")


@sensitive_post_parameters("key", "password", "again")
@never_cache
@limited("invitation", methods=("GET", "POST"))
@require_http_methods(["GET", "POST"])
def invitation(request: HttpRequest) -> HttpResponse:
    """Behind the link: name and password, then home. Reading it changes nothing; what is sent uses the link up."""
    key = request.POST.get("key", "") if request.method == "POST" else request.GET.get("key", "")
    found = invitations.invitation_behind(key)
    if found is None:
        return render(request, "accounts/invitation_over.html", status=404)
    form = AcceptForm(request.POST if request.method == "POST" else None, invitation=found, initial={"key": key})
    if form.is_valid():
        try:
            member = invitations.accept(
                key, name=form.cleaned_data["name"], password=form.cleaned_data["password"], language=language_here()
            )
        except Refusal as refusal:
            form.add_error(None, sentence_of(refusal))
        else:
            messages.success(request, _("You are in."))
            # The link proved the mailbox and the password was typed just now: to ask for both again proves nothing.
            answer: HttpResponse = perform_login(request, member)
            return answer
    context = {"form": form, "invitation": found}
    return render(request, "accounts/invitation.html", context, status=422 if form.is_bound else 200)


def _own(manager: Member, public_id: UUID) -> Invitation:
    """Raises Http404 for another institution's, as for none."""
    institution: Institution | None = manager.institution
    return get_object_or_404(Invitation, public_id=public_id, institution=institution)
