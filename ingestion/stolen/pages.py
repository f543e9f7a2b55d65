"""The page of stolen accounts: for the managers of the institution that owns them."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from ingestion.stolen.keeping import DAYS
from ingestion.stolen.models import StolenAccount
from ingestion.stolen.services import settle
from iocmarket.accounts.roles import Capability
from iocmarket.accounts.views import actor_of, member_and_own, require

SHOWN = 200
"""Accounts on the page; the others follow as these are dealt with."""


@login_required
@require_GET
def stolen_accounts(request: HttpRequest) -> HttpResponse:
    """The accounts that the own institution was told of, the newest first."""
    member, own = member_and_own(request)
    require(member, Capability.MEMBERS_MANAGE)
    found = own.stolen_accounts.order_by("-told_at", "pk")
    context = {"accounts": found[:SHOWN], "count": found.count(), "shown": SHOWN, "days": DAYS}
    return render(request, "stolen/accounts.html", context)


@login_required
@require_POST
def done(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Forget one that was dealt with."""
    member, own = member_and_own(request)
    require(member, Capability.MEMBERS_MANAGE)
    settle(get_object_or_404(StolenAccount, institution=own, public_id=public_id), actor=actor_of(member))
    messages.success(request, _("The account is dealt with and forgotten here."))
    return redirect("stolen-accounts")
