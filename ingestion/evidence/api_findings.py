"""`/api/v1/evidence/archives/<id>/findings`: what was found, and what a person says of it. Thin: hunting.py writes."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ingestion.evidence import archives, hunting
from ingestion.evidence.models import Finding
from iocmarket.accounts.roles import Scope
from iocmarket.accounts.scoped import ScopedView
from iocmarket.api.shapes import Shape, read_shape
from iocmarket.kernel import clock


class FindingRequestSchema(Shape):
    """What a person says of a finding."""

    state = serializers.ChoiceField(Finding.State.values)


class FindingSchema(serializers.Serializer[None]):
    """Something that makes a program come back on a machine. Its texts were chosen by whoever controlled that."""

    id = serializers.UUIDField(help_text="The same for the same finding, however often the archive is processed.")
    category = serializers.CharField()
    technique = serializers.CharField(help_text="Of MITRE ATT&CK.")
    location = serializers.CharField()
    value = serializers.CharField()
    command = serializers.CharField()
    target_hash = serializers.CharField(help_text="SHA-256, or empty.")
    records = serializers.ListField(child=serializers.CharField(), help_text="event.id of the records.")
    known_good = serializers.CharField(help_text="Why it may be honest, or empty.")
    score = serializers.IntegerField(min_value=0, max_value=100)
    state = serializers.ChoiceField(Finding.State.values)
    reviewed_at = serializers.DateTimeField(allow_null=True)


class FindingsSchema(serializers.Serializer[None]):
    """The findings of an archive, the surest first."""

    findings = FindingSchema(many=True)


def document(finding: Finding) -> dict[str, Any]:
    """As FindingSchema says."""
    told = (
        "category", "technique", "location", "value", "command", "target_hash", "records", "known_good", "score",
        "state",
    )  # fmt: skip
    return {
        "id": str(finding.public_id),
        **{name: getattr(finding, name) for name in told},
        "reviewed_at": clock.stamp(finding.reviewed_at) if finding.reviewed_at else None,
    }


class Findings(ScopedView):
    """What was found in an archive."""

    scopes: ClassVar = {"GET": Scope.EVIDENCE_READ}

    @extend_schema(operation_id="evidence_findings_list", responses=FindingsSchema)
    def get(self, request: Request, public_id: UUID) -> Response:
        """All of them: at most two thousand."""
        found = archives.archive_read(public_id, self.viewer(request))
        if found is None:
            raise Http404
        return Response({"findings": [document(each) for each in found.findings.order_by("-score", "pk")]})


class OneFinding(ScopedView):
    """A finding."""

    scopes: ClassVar = {"PATCH": Scope.EVIDENCE_WRITE}

    @extend_schema(operation_id="evidence_findings_judge", request=FindingRequestSchema, responses=FindingSchema)
    def patch(self, request: Request, public_id: UUID, finding_id: UUID) -> Response:
        """Confirm or dismiss it, or leave it open again: for the institution of the case alone."""
        viewer = self.viewer(request)
        found = get_object_or_404(hunting.own(public_id, finding_id, viewer))
        given = read_shape(FindingRequestSchema, request)
        return Response(document(hunting.decide(found, given["state"], viewer=viewer)))
