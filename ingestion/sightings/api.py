"""`/api/v1/sightings`: report what was met, and take a report back. Thin."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from ingestion.sightings.drafts import from_document
from ingestion.sightings.schemas import ReportsSchema
from ingestion.sightings.services import report
from ingestion.submissions.drafts import InvalidRequest
from iocmarket.accounts.roles import Scope
from iocmarket.accounts.scoped import ScopedView
from iocmarket.api.problems import Problem
from iocmarket.indicators.models import Sighting
from iocmarket.indicators.sightings import may_retract, retract


class Sightings(ScopedView):
    """Up to 1,000 reports at once."""

    scopes: ClassVar = {"POST": Scope.SIGHTINGS_WRITE}

    @extend_schema(operation_id="sightings_create", request=ReportsSchema, responses={200: OpenApiTypes.OBJECT})
    def post(self, request: Request) -> Response:
        """A result for each item; a value that the viewer may not see is unknown. 413 or 422 with what is wrong."""
        try:
            drafts = from_document(request.data)
        except InvalidRequest as invalid:
            raise Problem.of_all(invalid.faults, status=invalid.status) from invalid
        return Response(report(drafts, self.viewer(request)))


class SightingDetail(ScopedView):
    """One report of the own institution."""

    scopes: ClassVar = {"DELETE": Scope.SIGHTINGS_WRITE}

    @extend_schema(operation_id="sightings_retract", responses={204: None})
    def delete(self, request: Request, public_id: UUID) -> Response:
        """Take it back, with everything that was counted into it. 404 for another institution's, as for none."""
        viewer = self.viewer(request)
        found = Sighting.objects.visible_to(viewer).filter(public_id=public_id).first()
        if found is None or not may_retract(found, viewer):
            raise Http404
        retract(found, viewer=viewer)
        return Response(status=204)
