"""The buttons of a value's page: seen here, false positive; and taking a report back. Plain forms."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ingestion.sightings.drafts import source_of
from iocmarket.accounts.roles import Scope
from iocmarket.accounts.viewer import Viewer, viewer_of_member
from iocmarket.accounts.views import member_of
from iocmarket.indicators.models import Indicator, Sighting
from iocmarket.indicators.sightings import REFUSED, SOURCE_MAX, Observation, may_retract, report_sightings
from iocmarket.indicators.sightings import retract as take_back


@login_required
@require_POST
def report(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One report on one value. 404 for a hidden value, as for none; 403 for who only reads."""
    viewer = _reporter(request)
    kind = request.POST.get("kind", "")
    if kind not in Sighting.Kind.values:
        raise Http404
    source = source_of(request.POST.get("source", "").replace("\x00", "")[:SOURCE_MAX])
    (result,) = report_sightings([Observation(kind=kind, public_id=public_id, source=source)], viewer)
    if result.status == REFUSED:
        raise Http404
    said = {
        Sighting.Kind.SEEN: _("Noted: seen at your institution. It stays valid for longer."),
        Sighting.Kind.FALSE_POSITIVE: _("Reported as a false positive. Your block feeds drop it at once."),
        Sighting.Kind.EXPIRED: _("Noted: no longer active."),
    }
    messages.success(request, said[Sighting.Kind(kind)])
    return redirect("indicator", public_id)


@login_required
@require_POST
def retract(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Take an own report back. 404 for another institution's, as for none."""
    viewer = _reporter(request)
    found = Sighting.objects.visible_to(viewer).filter(public_id=public_id).select_related("indicator").first()
    if found is None or not may_retract(found, viewer):
        raise Http404
    take_back(found, viewer=viewer)
    messages.success(request, _("Your report is taken back."))
    still_there = Indicator.objects.visible_to(viewer).filter(pk=found.indicator_id).exists()
    return redirect("indicator", found.indicator.public_id) if still_there else redirect("home")


def _reporter(request: HttpRequest) -> Viewer:
    viewer = viewer_of_member(member_of(request))
    if Scope.SIGHTINGS_WRITE not in viewer.scopes:
        raise PermissionDenied
    return viewer
