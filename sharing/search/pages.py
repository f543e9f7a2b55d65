"""The pages on which people read: home, one value. Thin."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from iocmarket.accounts.roles import Scope
from iocmarket.accounts.viewer import viewer_of_member
from iocmarket.accounts.views import member_of
from iocmarket.indicators.types import ioc_types
from iocmarket.kernel import clock
from sharing.search.beginning import first_steps
from sharing.search.finding import MANY_MAX, ONLY
from sharing.search.finding import search as find
from sharing.search.home import read_home
from sharing.search.outcomes import outcomes_of
from sharing.search.timeline import timeline_of
from sharing.search.value import read_value, related_to


@login_required
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """What concerns me."""
    member = member_of(request)
    viewer = viewer_of_member(member)
    found = read_home(viewer=viewer, previous_visit=member.previous_visit_at)
    steps = first_steps(member, viewer)
    context = {"home": found, "threshold": settings.SCORE_THRESHOLD, "member": member, "steps": steps}
    return render(request, "search/home.html", context)


@login_required
@require_GET
def indicator(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One value: who said what that I may see, and why I see it."""
    viewer = viewer_of_member(member_of(request))
    value = read_value(public_id, viewer=viewer)
    context = {
        "value": value,
        "type_label": ioc_types[value.indicator.type].label,
        "related": related_to(value.indicator, viewer=viewer),
        "timeline": timeline_of(value.statements, valid_until=value.valid_until, now=clock.now()),
        "outcomes": outcomes_of(value),
        "threshold": settings.SCORE_THRESHOLD,
        "may_report": Scope.SIGHTINGS_WRITE in viewer.scopes,
    }
    return render(request, "search/value.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def search(request: HttpRequest) -> HttpResponse:
    """One box: a value, a prefix, words; or many values pasted (sent by POST, so that they enter no log)."""
    viewer = viewer_of_member(member_of(request))
    asked = request.POST.get("many", "") if request.method == "POST" else request.GET.get("q", "")
    only = request.GET.get("only", "") if request.GET.get("only", "") in ONLY else ""
    before = request.GET.get("before", "")
    found = find(asked, viewer=viewer, before=before, only=only)
    only_one = found.answers[0] if found.kind == "one" and not found.rows else None
    if only_one and only_one.summary and not only_one.covered_by:
        return redirect("indicator", only_one.summary.public_id)
    context = {
        "found": found,
        "asked": asked,
        "only": only,
        "before": before,
        "many_max": MANY_MAX,
        "threshold": settings.SCORE_THRESHOLD,
    }
    return render(request, "search/search.html", context)
