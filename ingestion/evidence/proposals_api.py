"""`/api/v1/evidence/archives/<id>/proposals` and `…/share`. Thin: proposals.py decides and writes."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ingestion.evidence import proposals as services
from ingestion.evidence.models import Archive
from ingestion.evidence.proposals import Proposal
from ingestion.evidence.proposing import WHY
from ingestion.submissions.answers import answer_to
from ingestion.submissions.drafts import ITEMS_MAX, InvalidRequest, Sending, from_document
from ingestion.submissions.models import Submission
from ingestion.submissions.pressure import ComeBackLater, check_publication
from iocmarket.accounts.roles import Scope
from iocmarket.accounts.scoped import ScopedView
from iocmarket.accounts.viewer import Viewer
from iocmarket.api.problems import Problem
from iocmarket.indicators.threats import ThreatType
from iocmarket.kernel.decision import Refusal


class ProposalSchema(serializers.Serializer[None]):
    """A value that may be shared, or one that was left out and why."""

    type = serializers.CharField()
    value = serializers.CharField()
    threat_type = serializers.ChoiceField(ThreatType.values)
    score = serializers.IntegerField(help_text="0 to 100: the order, no verdict.")
    why = serializers.ChoiceField(sorted(WHY))
    datasets = serializers.ListField(child=serializers.CharField())
    artefacts = serializers.ListField(child=serializers.CharField())
    records = serializers.IntegerField()
    first = serializers.DateTimeField(allow_null=True)
    last = serializers.DateTimeField(allow_null=True)
    known = serializers.IntegerField(help_text="Institutions whose statement you see already.")
    left_out = serializers.CharField(allow_null=True, help_text="The code of the reason; null for what may be shared.")
    detail = serializers.CharField(allow_null=True)


class ProposalsSchema(serializers.Serializer[None]):
    """What of an archive may be shared."""

    archive = serializers.UUIDField()
    proposals = ProposalSchema(many=True)
    left_out = ProposalSchema(many=True)


class Proposals(ScopedView):
    """What of an archive may be shared."""

    scopes: ClassVar = {"GET": Scope.EVIDENCE_READ}

    @extend_schema(operation_id="evidence_archives_proposals", responses=ProposalsSchema)
    def get(self, request: Request, public_id: UUID) -> Response:
        """The likeliest first; what may not leave stands apart, with the reason. For the own institution's archives."""
        viewer = self.viewer(request)
        archive = _archive(public_id, viewer)
        found = services.proposals_read(archive, viewer=viewer)
        return Response(
            {
                "archive": str(archive.public_id),
                "proposals": [_document(one) for one in found if not one.left_out],
                "left_out": [_document(one) for one in found if one.left_out],
            }
        )


class Share(ScopedView):
    """Share values out of an archive."""

    scopes: ClassVar = {"POST": Scope.EVIDENCE_WRITE}

    @extend_schema(
        operation_id="evidence_archives_share",
        request=OpenApiTypes.OBJECT,
        responses={201: OpenApiTypes.OBJECT},
    )
    def post(self, request: Request, public_id: UUID) -> Response:
        """The document of a submission, each of its `indicators` among the proposals; needs `indicators:write` too.

        The answer is a submission's; nothing in it tells of the archive.
        """
        viewer = self.viewer(request)
        archive = _archive(public_id, viewer)
        if Scope.INDICATORS_WRITE not in viewer.scopes:
            raise Problem(403, "missing_scope", "sharing needs indicators:write as well as evidence:write")
        try:
            check_publication()
            made = services.share(archive, _sending(request.data), viewer=viewer, channel=Submission.Channel.API)
        except InvalidRequest as invalid:
            raise Problem.of_all(invalid.faults, status=invalid.status) from invalid
        except ComeBackLater as later:
            raise Problem(429, later.code, later.detail, wait=later.wait) from later
        except Refusal as refusal:
            raise Problem.of(refusal) from refusal
        answer = answer_to(made)
        return Response(answer, status=201, headers={"Location": answer["items_url"]})


def _archive(public_id: UUID, viewer: Viewer) -> Archive:
    done = Archive.objects.owned_by(viewer).filter(state=Archive.State.DONE).select_related("case")
    return get_object_or_404(done, public_id=public_id)


def _sending(document: Any) -> Sending:
    """Raises InvalidRequest."""
    if isinstance(document, dict) and "text" in document:
        raise Problem(422, "unknown_field", "only proposed indicators are shared here", where="/text")
    sending = from_document(document)
    if len(sending.drafts) > ITEMS_MAX:
        raise Problem(422, "too_many_items", f"at most {ITEMS_MAX} items", where="/indicators")
    return sending


def _document(one: Proposal) -> dict[str, Any]:
    found = one.candidate
    return {
        "type": found.type,
        "value": found.value,
        "threat_type": found.threat,
        "score": found.score,
        "why": found.why,
        "datasets": sorted(found.datasets),
        "artefacts": list(found.artefacts),
        "records": found.count,
        "first": found.first.isoformat() if found.first else None,
        "last": found.last.isoformat() if found.last else None,
        "known": one.known,
        "left_out": one.left_out or None,
        "detail": one.detail or None,
    }
