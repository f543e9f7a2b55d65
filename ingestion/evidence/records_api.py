"""`/api/v1/evidence/archives/<id>/records` and `…/download.<form>`: what processing made of an archive. Thin.

For whoever sees the case, guests included. That records were read is in the record of acts; what was looked for is not.
"""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from django.http import Http404, HttpResponseBase, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ingestion.evidence import reading
from ingestion.evidence.admitting import Admitted
from ingestion.evidence.archives import records_read
from ingestion.evidence.downloads import FORMS
from ingestion.evidence.models import Archive
from ingestion.evidence.places import folder_name
from ingestion.evidence.searching import LIMIT_MAX, Wanted, search
from iocmarket.accounts.roles import Scope
from iocmarket.accounts.scoped import ScopedView
from iocmarket.api.negotiation import AnyAccept
from iocmarket.api.problems import Problem
from iocmarket.kernel.decision import Refusal

_DATASET = OpenApiParameter("dataset", OpenApiTypes.STR, description="Datasets, separated by commas.")


class RecordsSchema(serializers.Serializer[None]):
    """A page of records."""

    records = serializers.ListField(
        child=serializers.DictField(), help_text="In order of time; flat, keys of the Elastic Common Schema."
    )
    datasets = serializers.DictField(child=serializers.IntegerField(), help_text="All datasets with their records.")
    next = serializers.CharField(allow_null=True, help_text="For `after`; null on the last page.")


class Records(ScopedView):
    """Records of an archive."""

    scopes: ClassVar = {"GET": Scope.EVIDENCE_READ}

    @extend_schema(
        operation_id="evidence_records_list",
        parameters=[
            OpenApiParameter(
                "q", OpenApiTypes.STR,
                description="A text as it stands, in any case: in messages, event data, paths, command lines, keys.",
            ),
            _DATASET,
            OpenApiParameter("since", OpenApiTypes.DATETIME, description="At or after this moment."),
            OpenApiParameter("until", OpenApiTypes.DATETIME, description="Before this moment."),
            OpenApiParameter("after", OpenApiTypes.STR, description="`next` of the page before."),
            OpenApiParameter("limit", OpenApiTypes.INT, description=f"1–{LIMIT_MAX}."),
        ],
        responses=RecordsSchema,
    )  # fmt: skip
    def get(self, request: Request, public_id: UUID) -> Response:
        """Each with the artefact and the place in it where it stands. An unknown parameter is refused."""
        archive = _archive(request, self, public_id)
        admitted = Admitted.of(archive, self.viewer(request))
        try:
            found = search(archive, Wanted.read(request.query_params.dict()), admitted)
        except Refusal as refusal:
            raise Problem.of(refusal, status=400) from refusal
        return Response(
            {"records": found.records, "datasets": reading.counted(archive, admitted), "next": found.next or None}
        )


class Download(ScopedView):
    """All records of an archive."""

    scopes: ClassVar = {"GET": Scope.EVIDENCE_READ}
    content_negotiation_class = AnyAccept

    @extend_schema(
        operation_id="evidence_records_download",
        parameters=[OpenApiParameter("form", OpenApiTypes.STR, "path", enum=list(FORMS)), _DATASET],
        responses={(200, form.media_type): OpenApiTypes.BINARY for form in FORMS.values()},
    )
    def get(self, request: Request, public_id: UUID, form: str) -> HttpResponseBase:
        """JSON lines, Parquet, requests for `_bulk` of Elasticsearch or OpenSearch, or lines for Timesketch."""
        if form not in FORMS:
            raise Http404
        if unknown := sorted(set(request.query_params) - {"dataset"}):
            raise Problem(400, "unknown_filter", f"there is no parameter {unknown[0][:40]!r}", where=unknown[0][:40])
        archive = _archive(request, self, public_id)
        named = [name for name in request.query_params.get("dataset", "").split(",") if name]
        found = FORMS[form]
        pieces = found.pieces(archive, named or None, Admitted.of(archive, self.viewer(request)))
        answer = StreamingHttpResponse(pieces, content_type=found.media_type)
        name = f"{folder_name(archive.host, 'records')}-{str(archive.public_id)[:8]}.{form}"
        answer["Content-Disposition"] = f'attachment; filename="{name}"'
        answer["X-Content-Type-Options"] = "nosniff"
        return answer


def _archive(request: Request, view: ScopedView, public_id: UUID) -> Archive:
    """One with records. Raises Http404 for what the viewer does not see, Problem for one that has none yet."""
    found = records_read(public_id, view.viewer(request))
    if found is None:
        raise Http404
    if reading.folder_of(found) is None:
        detail = f"the archive has no records: it is {found.state}"
        raise Problem(409, "no_records", detail, wait=10 if found.state in {"received", "processing"} else 0)
    return found
