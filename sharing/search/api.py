"""`/api/v1/indicators` and `/api/v1/lookup`: reading for machines. Thin: services decide, documents.py writes."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from iocmarket.accounts.roles import Scope
from iocmarket.accounts.scoped import ScopedView
from iocmarket.api.problems import Problem
from iocmarket.kernel.decision import Refusal
from sharing.search import changes
from sharing.search.documents import answer_document, change_document, row_document, value_document
from sharing.search.filters import NAMES, read_filters
from sharing.search.listing import LIMIT_DEFAULT, LIMIT_MAX, page_of
from sharing.search.lookup import look_up
from sharing.search.schemas import ChangesSchema, DetailSchema, LookupRequestSchema, LookupSchema, PageSchema
from sharing.search.value import read_value, related_to

_DESCRIPTIONS = {
    "value": "A value, defanged or not. An address finds its networks, a network what it contains, `.example.org` all "
    "names under it.",
    "type": "IOC types, separated by commas.",
    "threat_type": "Threat types, separated by commas.",
    "tlp": "TLP labels, separated by commas.",
    "institution": "Name or id of an institution; anonymous statements match none.",
    "tag": "A tag, exactly.",
    "since": "First visible to you at or after this moment.",
    "updated_since": "Changed at or after this moment.",
    "score_min": "0–100.",
    "state": "`live` or `expired`.",
    "mine": "Only what your institution shared.",
    "q": "Words in values, comments and tags, among the newest 20 000 values.",
}
_FILTERS = [OpenApiParameter(name, OpenApiTypes.STR, description=_DESCRIPTIONS[name]) for name in NAMES]
_PAGING = [
    OpenApiParameter("limit", OpenApiTypes.INT, description=f"1–{LIMIT_MAX}; {LIMIT_DEFAULT} by default."),
    OpenApiParameter("cursor", OpenApiTypes.STR, description="`next` of the page before."),
]


class Indicators(ScopedView):
    """What the viewer may see, newest first."""

    scopes: ClassVar = {"GET": Scope.INDICATORS_READ}

    @extend_schema(operation_id="indicators_list", parameters=[*_FILTERS, *_PAGING], responses=PageSchema)
    def get(self, request: Request) -> Response:
        """A page of values. An unknown parameter is refused: a filter that is ignored would answer another question."""
        query = request.query_params
        try:
            page = page_of(
                read_filters(query, beside=("limit", "cursor")),
                viewer=self.viewer(request),
                limit=_limit(query.get("limit", "")),
                cursor=query.get("cursor", ""),
            )
        except Refusal as refusal:
            raise Problem.of(refusal, status=400) from refusal
        return Response({"indicators": [row_document(row) for row in page.rows], "next": page.next or None})


class ChangesList(ScopedView):
    """What changed since a cursor."""

    scopes: ClassVar = {"GET": Scope.INDICATORS_READ}

    @extend_schema(
        operation_id="changes_list",
        parameters=[
            OpenApiParameter("after", OpenApiTypes.STR, description="`next` of the answer before; everything without."),
            OpenApiParameter("limit", OpenApiTypes.INT, description=f"1–{changes.LIMIT_MAX}."),
        ],
        responses=ChangesSchema,
    )
    def get(self, request: Request) -> Response:
        """Values added, changed and removed, oldest first. 410 `reset` when a view of the cursor was lost."""
        query = request.query_params
        if unknown := sorted(set(query) - {"after", "limit"}):
            raise Problem(400, "unknown_filter", f"there is no parameter {unknown[0][:40]!r}", where=unknown[0][:40])
        try:
            found = changes.changes_of(
                viewer=self.viewer(request),
                after=query.get("after", ""),
                limit=_limit(query.get("limit", ""), default=changes.LIMIT_DEFAULT),
            )
        except Refusal as refusal:
            raise Problem.of(refusal, status=410 if refusal.code == "reset" else 400) from refusal
        told = [change_document(change) for change in found.changes]
        return Response({"changes": told, "next": found.next, "more": found.more})


class IndicatorDetail(ScopedView):
    """One value."""

    scopes: ClassVar = {"GET": Scope.INDICATORS_READ}

    @extend_schema(operation_id="indicators_read", responses=DetailSchema)
    def get(self, request: Request, public_id: UUID) -> Response:
        """Everything that the viewer may know of it. 404 for a hidden value, as for none."""
        viewer = self.viewer(request)
        value = read_value(public_id, viewer=viewer)
        return Response(value_document(value, related_to(value.indicator, viewer=viewer)))


class Lookup(ScopedView):
    """Known or unknown."""

    scopes: ClassVar = {"POST": Scope.INDICATORS_READ}

    @extend_schema(operation_id="lookup", request=LookupRequestSchema, responses={200: LookupSchema})
    def post(self, request: Request) -> Response:
        """One answer for each value, in order. What is asked for is written nowhere."""
        body = request.data
        if not isinstance(body, dict) or set(body) != {"values"} or not isinstance(body["values"], list):
            raise Problem(422, "bad_body", 'the body is an object {"values": […]}', where="/values")
        answers = look_up(body["values"], viewer=self.viewer(request))
        return Response({"results": [answer_document(answer) for answer in answers]})


def _limit(text: str, *, default: int = LIMIT_DEFAULT) -> int:
    if not text:
        return default
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0
