"""`/api/v1/evidence/archives/<id>/findings`: what was found, and what a person says of it. Thin: hunting.py writes."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, ClassVar
from uuid import UUID

from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ingestion.evidence import archives, hunting, reading
from ingestion.evidence.logons import Logons, logons_of
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


class LogonsSchema(serializers.Serializer[None]):
    """Logons from one source of one type, as Windows' audit log tells them."""

    source = serializers.CharField(  # type: ignore[assignment]  # the field of that name tells where a value is
        help_text="An address or a machine; empty for the machine itself."
    )
    type = serializers.CharField(help_text="As Windows numbers it: 2 interactive, 3 network, 10 remote desktop.")
    succeeded = serializers.IntegerField()
    failed = serializers.IntegerField()
    explicit = serializers.IntegerField(help_text="With other credentials (4648).")
    checked = serializers.IntegerField(help_text="Credentials checked by NTLM (4776).")
    users = serializers.IntegerField()
    user = serializers.CharField(help_text="One of them.")
    first_at = serializers.DateTimeField(allow_null=True)
    last_at = serializers.DateTimeField(allow_null=True)


class SigmaSchema(serializers.Serializer[None]):
    """Which Sigma rules were evaluated over the archive's event logs."""

    evaluated = serializers.IntegerField()
    skipped = serializers.DictField(child=serializers.CharField(), help_text="By file, why it was not evaluated.")
    matched = serializers.DictField(child=serializers.IntegerField(), help_text="By the rule's id, its records.")


class FindingsSchema(serializers.Serializer[None]):
    """The findings of an archive, the surest first, and who logged on."""

    findings = FindingSchema(many=True)
    logons = LogonsSchema(many=True)
    sigma = SigmaSchema()


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


def logons_document(found: Logons) -> dict[str, Any]:
    """As LogonsSchema says."""
    stamps = {
        name: clock.stamp(at) if (at := getattr(found, name)) else None for name in ("first_at", "last_at")
    }  # fmt: skip
    return {**asdict(found), **stamps}


class Findings(ScopedView):
    """What was found in an archive."""

    scopes: ClassVar = {"GET": Scope.EVIDENCE_READ}

    @extend_schema(operation_id="evidence_findings_list", responses=FindingsSchema)
    def get(self, request: Request, public_id: UUID) -> Response:
        """All of them: at most two thousand."""
        found = archives.archive_read(public_id, self.viewer(request))
        if found is None:
            raise Http404
        sigma = reading.manifest_of(found).get("sigma", {"evaluated": 0, "skipped": {}, "matched": {}})
        return Response(
            {
                "findings": [document(each) for each in found.findings.order_by("-score", "pk")],
                "logons": [logons_document(each) for each in logons_of(found)],
                "sigma": sigma,
            }
        )


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
