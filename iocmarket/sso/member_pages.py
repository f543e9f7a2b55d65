"""The page about one's connections. Thin: services decide and write."""

from __future__ import annotations

from allauth.socialaccount.models import SocialAccount
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from iocmarket.accounts.reauthentication import fresh_login
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
