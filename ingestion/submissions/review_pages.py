"""The administrators' queue of submissions that look like poison: figures and no values."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from ingestion.submissions import reviewing
from iocmarket.accounts.roles import Capability
from iocmarket.accounts.views import actor_of, member_with
from iocmarket.indicators.guard import REASONS
from iocmarket.kernel.decision import Refusal


@login_required
@require_GET
def review(request: HttpRequest) -> HttpResponse:
    """What waits, the oldest first."""
    member_with(request, Capability.SUBMISSIONS_REVIEW)
    found = [
        (held, [(REASONS.get(code, code), count) for code, count in held.held_figures["reasons"].items()])
        for held in reviewing.waiting()[:100]
    ]
    return render(request, "submissions/review.html", {"found": found})


@login_required
@require_POST
def decide(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Release or refuse one; another word does neither."""
    actor = actor_of(member_with(request, Capability.SUBMISSIONS_REVIEW))
    act = request.POST.get("act")
    try:
        if act == "release":
            reviewing.release(public_id, actor=actor)
            messages.success(request, _("Released: it is being shared."))
        elif act == "refuse":
            reviewing.refuse(public_id, actor=actor)
            messages.success(request, _("Refused: nothing of it is shared."))
    except Refusal:
        messages.error(request, _("It does not wait for a decision any more."))
    return redirect("review")
