"""Alerts: `/api/v1/alerts` for machines, and *Understood* on the first page."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from iocmarket.accounts.roles import Scope
from iocmarket.accounts.scoped import ScopedView
from iocmarket.accounts.viewer import viewer_of_member
from iocmarket.accounts.views import member_of
from iocmarket.api.problems import Problem
from iocmarket.indicators.circulation import Circulation, alerts_of, circulating, mark_seen
from iocmarket.kernel.clock import stamp

LIMIT = 100


class AlertSchema(serializers.Serializer[None]):
    """One alert."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(["circulates"])
    indicator = serializers.UUIDField()
    contribution = serializers.UUIDField(help_text="Your own, stricter statement.")
    pap = serializers.CharField(help_text="What you asked for.")
    weakest_pap = serializers.CharField(help_text="What others, as far as you see them, allow.")
    created = serializers.DateTimeField()
    seen = serializers.BooleanField()


class AlertsSchema(serializers.Serializer[None]):
    """The newest alerts."""

    alerts = AlertSchema(many=True)


class Alerts(ScopedView):
    """What circulates under a weaker PAP than the institution asked for."""

    scopes: ClassVar = {"GET": Scope.INDICATORS_READ}

    @extend_schema(
        operation_id="alerts_list",
        parameters=[OpenApiParameter("unseen", OpenApiTypes.STR, description="`1`: only those nobody has seen.")],
        responses=AlertsSchema,
    )
    def get(self, request: Request) -> Response:
        """The newest alerts that still say something, at most 100."""
        if unknown := sorted(set(request.query_params) - {"unseen"}):
            raise Problem(400, "unknown_filter", f"there is no filter {unknown[0][:40]!r}", where=unknown[0][:40])
        unseen = request.query_params.get("unseen", "") == "1"
        found = circulating(self.viewer(request), limit=LIMIT, unseen=unseen)
        return Response({"alerts": [_document(one) for one in found]})


def _document(found: Circulation) -> dict[str, Any]:
    said = found.contribution
    return {
        "id": str(found.alert.public_id),
        "kind": "circulates",
        "indicator": str(said.indicator.public_id),
        "contribution": str(said.public_id),
        "pap": said.marking.pap.label,
        "weakest_pap": found.weakest.label,
        "created": stamp(found.alert.created_at),
        "seen": found.alert.seen_at is not None,
    }


@login_required
@require_POST
def seen(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Somebody of the institution has taken note. 404 for another institution's alert, as for none."""
    viewer = viewer_of_member(member_of(request))
    mark_seen(get_object_or_404(alerts_of(viewer), public_id=public_id), viewer=viewer)
    return redirect("home")
