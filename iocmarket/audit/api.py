"""`/api/v1/audit`: the trail of an institution for its machines and managers; all of it for an administrator."""

from __future__ import annotations

from typing import ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from iocmarket.accounts.models import Member
from iocmarket.accounts.roles import Scope
from iocmarket.accounts.scoped import ScopedView
from iocmarket.api.problems import Problem
from iocmarket.audit.asking import read_filters, reader_of
from iocmarket.audit.documents import document
from iocmarket.audit.labels import Reader
from iocmarket.audit.trail import LIMIT_DEFAULT, LIMIT_MAX, page_of
from iocmarket.kernel.decision import Refusal


class NamedSchema(serializers.Serializer[None]):
    """A person, a token or an institution."""

    id = serializers.UUIDField()
    name = serializers.CharField()


class SubjectSchema(serializers.Serializer[None]):
    """What it was done to."""

    type = serializers.CharField()
    id = serializers.UUIDField(allow_null=True)
    name = serializers.CharField(allow_blank=True)


class EventSchema(serializers.Serializer[None]):
    """One act."""

    id = serializers.UUIDField()
    at = serializers.DateTimeField()
    action = serializers.CharField()
    sentence = serializers.CharField(help_text="The act in the language of the request.")
    member = NamedSchema(allow_null=True)
    token = NamedSchema(allow_null=True)
    institution = NamedSchema(allow_null=True)
    address = serializers.CharField(allow_null=True, help_text="Null for a task, and once it was forgotten.")
    client = serializers.CharField(allow_blank=True)
    subject = SubjectSchema()
    details = serializers.DictField()


class TrailSchema(serializers.Serializer[None]):
    """A page of the trail."""

    events = EventSchema(many=True)
    next = serializers.CharField(allow_null=True, help_text="Cursor of the next page; null on the last one.")


class Trail(ScopedView):
    """What was done in the name of the institution, and to it."""

    scopes: ClassVar = {"GET": Scope.INSTITUTION_ADMIN}

    @extend_schema(
        operation_id="audit_list",
        parameters=[
            OpenApiParameter("action", OpenApiTypes.STR, description="An action, or the part before its point."),
            OpenApiParameter("since", OpenApiTypes.STR, description="Day or moment."),
            OpenApiParameter("until", OpenApiTypes.STR, description="Day (to its end) or moment."),
            OpenApiParameter("member", OpenApiTypes.UUID, description="Who did it."),
            OpenApiParameter(
                "whose", OpenApiTypes.STR, enum=["institution", "community"],
                description="`community`: everybody's, without content; in an administrator's session only.",
            ),
            OpenApiParameter("limit", OpenApiTypes.INT, description=f"1–{LIMIT_MAX}; {LIMIT_DEFAULT} by default."),
            OpenApiParameter("cursor", OpenApiTypes.STR, description="`next` of the page before."),
        ],
        responses=TrailSchema,
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """A page of events, newest first. No event holds a value or a secret."""
        query = request.query_params
        reader = self._reader(request)
        try:
            page = page_of(
                read_filters(query, beside=("limit", "cursor", "whose")),
                reader=reader,
                limit=_limit(query.get("limit", "")),
                cursor=query.get("cursor", ""),
            )
        except Refusal as refusal:
            raise Problem.of(refusal, status=400) from refusal
        return Response({"events": [document(line) for line in page.lines], "next": page.next or None})

    def _reader(self, request: Request) -> Reader:
        whose = request.query_params.get("whose", "institution")
        if whose not in {"institution", "community"}:
            raise Problem(400, "bad_filter", "whose is institution or community", where="whose")
        if whose == "institution":
            return Reader(self.viewer(request).institution_id)
        member = request.user
        found = reader_of(member, whole=True) if isinstance(member, Member) else None
        if found is None:
            raise Problem(403, "administrators_only", "the whole trail is an administrator's to read", where="whose")
        return found


def _limit(text: str) -> int:
    if not text:
        return LIMIT_DEFAULT
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0
