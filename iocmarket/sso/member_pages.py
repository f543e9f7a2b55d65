"""Pages about connections and about people whom a provider brought. Thin: services decide and write."""

from __future__ import annotations

from uuid import UUID

from allauth.socialaccount.models import SocialAccount
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from iocmarket.accounts.models import Member
from iocmarket.accounts.reauthentication import fresh_login
from iocmarket.accounts.roles import Role
from iocmarket.accounts.views import member_of
from iocmarket.kernel.decision import Refusal
from iocmarket.sso import services
from iocmarket.sso.pages import REASONS
from iocmarket.sso.providers import providers


@login_required
@require_GET
def connections(request: HttpRequest) -> HttpResponse:
    """One's own connections, and the providers that can be connected: those of the own institution."""
    member = member_of(request)
    names = {one.issuer: one.name for one in providers()}
    held = SocialAccount.objects.filter(user=member).order_by("date_joined")
    context = {
        "connections": [{"account": one, "name": names.get(one.provider, one.provider)} for one in held],
        "found": services.connectable(member, {one.provider for one in held}),
    }
    return render(request, "socialaccount/connections.html", context)


@login_required
@require_POST
@fresh_login
def disconnect(request: HttpRequest) -> HttpResponse:
    """Undo one of one's own connections. Raises Http404 for any other."""
    member = member_of(request)
    wanted = request.POST.get("connection", "")
    if not wanted.isascii() or not wanted.isdigit():
        raise Http404
    try:
        services.disconnect(member, int(wanted[:18]))
    except Refusal as refusal:
        if refusal.code == "not_connected":
            raise Http404 from refusal
        messages.error(request, str(REASONS[refusal.code]))
    else:
        messages.success(request, _("This connection opens your account no more."))
    return redirect("socialaccount_connections")


@login_required
@require_POST
def answer(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Let in or refuse somebody whom a provider brought. Raises Http404 for anybody else's applicant."""
    by = member_of(request)
    applicant = get_object_or_404(Member, public_id=public_id)
    role, refuses = request.POST.get("role", ""), request.POST.get("decision") == "refuse"
    try:
        if refuses:
            services.refuse_pending(applicant, reason=request.POST.get("reason", ""), by=by)
            said = _("%(name)s was refused; the reason is on the applicant's page.")
        else:
            chosen = Role(role) if role in Role.values else Role.READER
            services.approve_pending(applicant, role=chosen, by=by)
            said = _("%(name)s is in.")
    except Refusal as refusal:
        if refusal.code == "not_yours":
            raise Http404 from refusal
        messages.error(request, str(REASONS.get(refusal.code, refusal.detail)))
    else:
        messages.success(request, said % {"name": applicant})
    return redirect("members")
