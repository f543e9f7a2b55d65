"""Taking an own statement back: a page that says what follows, then the act."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from iocmarket.accounts.viewer import viewer_of_member
from iocmarket.accounts.views import member_of
from iocmarket.indicators.models import Contribution
from iocmarket.indicators.services import withdraw as take_back
from iocmarket.indicators.visibility import may_withdraw


@login_required
@require_http_methods(["GET", "POST"])
def withdraw(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """GET asks, POST does. 404 for another institution's statement, as for none."""
    viewer = viewer_of_member(member_of(request))
    contribution = Contribution.objects.own_of(viewer).filter(public_id=public_id).with_authors().first()
    if contribution is None or not may_withdraw(contribution, viewer):
        raise Http404
    same_value = Contribution.objects.visible_to(viewer).filter(indicator=contribution.indicator)
    others = same_value.exclude(pk=contribution.pk).count()
    if request.method == "GET":
        return render(request, "submissions/withdraw.html", {"said": contribution, "others": others})
    take_back(contribution, viewer=viewer)
    messages.success(request, _("Withdrawn. Every feed learns it within seconds."))
    return redirect("indicator", contribution.indicator.public_id) if others else redirect("home")
