"""`/api/v1/institutions/applications`: the queue for programs of those who decide, in their own session.

A decision is a person's: no token lists applicants or answers them, whatever its scopes.
"""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from iocmarket.accounts.models import Member
from iocmarket.accounts.roles import Role, Scope
from iocmarket.accounts.scoped import ScopedView
from iocmarket.accounts.viewer import Viewer
from iocmarket.api.problems import Problem
from iocmarket.api.shapes import Shape, read_shape
from iocmarket.kernel.clock import stamp
from iocmarket.kernel.decision import Refusal
from iocmarket.vetting import deciding
from iocmarket.vetting.models import TEXT_MAX
from iocmarket.vetting.queue_pages import SHOWN, Row, row_of


class VouchSchema(serializers.Serializer[None]):
    """One word that counts."""

    institution = serializers.CharField()
    member = serializers.CharField()
    words = serializers.CharField()
    at = serializers.DateTimeField()


class CheckSchema(serializers.Serializer[None]):
    """One fact about the application, in the reader's language."""

    kind = serializers.ChoiceField(["ok", "warn", "bad"])
    text = serializers.CharField()


class ApplicationSchema(serializers.Serializer[None]):
    """One applicant."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    email = serializers.EmailField()
    why = serializers.CharField()
    institution = serializers.CharField(help_text="The institution that the person would join, or bring in.")
    new_institution = serializers.BooleanField()
    institution_typed = serializers.CharField(help_text="As the applicant wrote it; empty after single sign-on.")
    domains = serializers.ListField(child=serializers.CharField())
    networks = serializers.ListField(child=serializers.CharField())
    contact_email = serializers.CharField()
    created = serializers.DateTimeField()
    vouches = VouchSchema(many=True)
    vouches_missing = serializers.IntegerField()
    checks = CheckSchema(many=True)


class ApplicationsSchema(serializers.Serializer[None]):
    """The oldest that wait."""

    applications = ApplicationSchema(many=True)


class DecisionSchema(Shape):
    """An answer. `reason` is what the applicant reads of a refusal, the question, or why no vouches were waited for."""

    decision = serializers.ChoiceField(["approve", "refuse", "ask"])
    role = serializers.ChoiceField(Role.choices, default=Role.CONTRIBUTOR)
    reason = serializers.CharField(default="", allow_blank=True, max_length=TEXT_MAX)
    assets_verified = serializers.BooleanField(default=False)
    without_vouches = serializers.BooleanField(default=False)


class AnsweredSchema(serializers.Serializer[None]):
    """What became of it."""

    id = serializers.UUIDField()
    state = serializers.CharField(help_text="`applicant`, `approved` or `refused`.")


class Decides(BasePermission):
    """A person's session, of an administrator or a manager. Fails closed."""

    message = "this needs the session of an administrator or of a manager"

    def has_permission(self, request: Request, view: Any) -> bool:
        """Whether there is a queue for whoever asks."""
        del view
        return isinstance(request.auth, Viewer) and deciding.may_decide(_person(request))


def _person(request: Request) -> Member:
    return request.user if isinstance(request.user, Member) else Member()


class Applications(ScopedView):
    """Who waits for the reader's answer."""

    scopes: ClassVar = {"GET": Scope.INSTITUTION_ADMIN}
    permission_classes = (Decides,)

    @extend_schema(operation_id="applications_list", responses=ApplicationsSchema)
    def get(self, request: Request) -> Response:
        """The oldest 50: those of the own institution for managers; for administrators, those of institutions that
        are new or have no manager."""
        if unknown := sorted(request.query_params):
            raise Problem(400, "unknown_parameter", f"unknown parameter {unknown[0][:40]!r}", where=unknown[0][:40])
        found = deciding.waiting_for(_person(request))[:SHOWN]
        return Response({"applications": [_document(row_of(applicant)) for applicant in found]})


class Decision(ScopedView):
    """One application."""

    scopes: ClassVar = {"POST": Scope.INSTITUTION_ADMIN}
    permission_classes = (Decides,)

    @extend_schema(operation_id="applications_decide", request=DecisionSchema, responses=AnsweredSchema)
    def post(self, request: Request, public_id: UUID) -> Response:
        """Approve, refuse or ask. 404 for one that is not the reader's to answer, 422 with what is wrong."""
        person = _person(request)
        applicant = get_object_or_404(deciding.in_reach_of(person), public_id=public_id)
        told = read_shape(DecisionSchema, request)
        try:
            _decide(applicant, person, told)
        except Refusal as refusal:
            status = 409 if refusal.code == "already_decided" else 422
            raise Problem.of(refusal, status=status) from refusal
        applicant.refresh_from_db(fields=["state"])
        return Response({"id": str(applicant.public_id), "state": applicant.state})


def _decide(applicant: Member, by: Member, told: dict[str, Any]) -> None:
    decision, reason = told["decision"], told["reason"]
    if decision == "refuse":
        deciding.refuse(applicant, by=by, reason=reason)
    elif decision == "ask":
        deciding.ask(applicant, by=by, question=reason)
    else:
        deciding.approve(
            applicant,
            by=by,
            role=Role(told["role"]),
            reason=reason,
            assets_verified=told["assets_verified"],
            without_vouches=told["without_vouches"],
        )


def _document(row: Row) -> dict[str, object]:
    applicant, application = row.applicant, row.application
    return {
        "id": str(applicant.public_id),
        "name": applicant.name,
        "email": applicant.email,
        "why": applicant.why,
        "institution": str(applicant.institution or ""),
        "new_institution": row.is_new,
        "institution_typed": application.institution_name if application else "",
        "domains": application.domains if application else [],
        "networks": application.networks if application else [],
        "contact_email": application.contact_email if application else "",
        "created": stamp(applicant.date_joined),
        "vouches": [
            {
                "institution": str(vouch.institution),
                "member": str(vouch.member),
                "words": vouch.words,
                "at": stamp(vouch.at),
            }
            for vouch in row.vouches
        ],
        "vouches_missing": row.missing,
        "checks": [{"kind": check.kind, "text": check.text} for check in row.checks],
    }
