"""`/api/v1/submissions`: send, try, read again. `/api/v1/contributions/<id>`: take back."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.http import Http404, QueryDict
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from ingestion.submissions.answers import answer_again, answer_to
from ingestion.submissions.choices import LISTS, NAMES, QUERY, Choices, place, read_choices
from ingestion.submissions.drafts import InvalidRequest, Sending, from_document, from_text
from ingestion.submissions.models import Submission
from ingestion.submissions.services import preview, submit
from iocmarket.accounts.roles import Scope
from iocmarket.accounts.scoped import ScopedView
from iocmarket.api.parsers import PlainTextParser, StrictJSONParser, media_type_of
from iocmarket.api.problems import Problem
from iocmarket.indicators.models import Contribution
from iocmarket.indicators.services import withdraw

_DEFAULTS = [
    OpenApiParameter(name, OpenApiTypes.STR, description="Default for text/plain; same name as in `defaults`.")
    for name in sorted(NAMES)
]


class Submissions(ScopedView):
    """Send indicators: up to 500 items, answered one by one."""

    scopes: ClassVar = {"POST": Scope.INDICATORS_WRITE}
    parser_classes = (StrictJSONParser, PlainTextParser)

    @extend_schema(
        operation_id="submissions_create",
        parameters=[OpenApiParameter("dry_run", OpenApiTypes.BOOL, description="Answer without storing."), *_DEFAULTS],
        request={"application/json": OpenApiTypes.OBJECT, "text/plain": OpenApiTypes.STR},
        responses={200: OpenApiTypes.OBJECT, 201: OpenApiTypes.OBJECT},
    )
    def post(self, request: Request) -> Response:
        """201 with a result for each item; 200 for a dry run; 413, 415 or 422 with what is wrong and where."""
        viewer = self.viewer(request)
        sending = read_sending(request)
        if request.query_params.get("dry_run", "0") not in {"0", "false", ""}:
            return Response(answer_to(preview(sending, viewer=viewer)))
        outcome = submit(sending, viewer=viewer, channel=Submission.Channel.API)
        body = answer_to(outcome)
        return Response(body, status=201, headers={"Location": body["items_url"]})


class SubmissionDetail(ScopedView):
    """One submission of the own institution."""

    scopes: ClassVar = {"GET": Scope.INDICATORS_WRITE}

    @extend_schema(operation_id="submissions_read", responses={200: OpenApiTypes.OBJECT})
    def get(self, request: Request, public_id: UUID) -> Response:
        """The answer that its sender got. 404 for anybody else's, as for none."""
        viewer = self.viewer(request)
        found = Submission.objects.filter(public_id=public_id, institution_id=viewer.institution_id).first()
        if found is None:
            raise Http404
        return Response(answer_again(found))


class ContributionDetail(ScopedView):
    """One statement of the own institution."""

    scopes: ClassVar = {"DELETE": Scope.INDICATORS_WRITE}

    @extend_schema(operation_id="contributions_withdraw", responses={204: None})
    def delete(self, request: Request, public_id: UUID) -> Response:
        """Take it back: published as a withdrawal. 404 for another institution's, as for none."""
        viewer = self.viewer(request)
        found = Contribution.objects.visible_to(viewer).filter(
            public_id=public_id, institution_id=viewer.institution_id
        )
        contribution = found.first()
        if contribution is None:
            raise Http404
        withdraw(contribution, viewer=viewer)
        return Response(status=204)


def read_sending(request: Request) -> Sending:
    """The body and the query parameters as a Sending. Raises Problem or Refusal."""
    given = _given(request.query_params)
    try:
        body: Any = request.data
        if isinstance(body, str) and media_type_of(request) == PlainTextParser.media_type:
            return from_text(body, choices=read_choices(given, base=Choices(), where=QUERY, own=False), given=given)
        if given:
            raise Problem(
                400, "unknown_parameter", "a JSON body carries its own defaults", where=place(QUERY, next(iter(given)))
            )
        return from_document(body)
    except InvalidRequest as invalid:
        raise _problem(invalid) from invalid


def _given(query: QueryDict) -> dict[str, Any]:
    """The defaults in the query string; lists may be given by repeating their name. Raises Problem for the others."""
    given: dict[str, Any] = {}
    for name, values in query.lists():
        if name == "dry_run":
            continue
        if len(values) > 1 and name not in LISTS:
            raise Problem(400, "duplicate_name", f"{name[:60]!r} is given more than once", where=place(QUERY, name))
        given[name] = values if len(values) > 1 else values[0]
    return given


def _problem(invalid: InvalidRequest) -> Problem:
    first = invalid.faults[0]
    errors = [{"where": fault.where, "code": fault.code, "detail": fault.detail} for fault in invalid.faults[:100]]
    return Problem(invalid.status, first.code, first.detail, where=first.where, errors=errors)
