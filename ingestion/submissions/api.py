"""`/api/v1/submissions`: send, try, read again."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.http import Http404, QueryDict
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from ingestion.readers.files import file_readers
from ingestion.submissions import pressure
from ingestion.submissions.answers import answer_again, answer_to, page_of
from ingestion.submissions.choices import LISTS, NAMES, QUERY, place
from ingestion.submissions.drafts import ITEMS_MAX, InvalidRequest, Sending
from ingestion.submissions.idempotency import once
from ingestion.submissions.models import Submission
from ingestion.submissions.queueing import enqueue
from ingestion.submissions.reading import submissions_of
from ingestion.submissions.receiving import COLUMNS, FORMAT, JSON, STIX, Long, media_types, received
from ingestion.submissions.remembering import recalled
from ingestion.submissions.services import preview, submit
from ingestion.submissions.taking_back import take_back_all
from iocmarket.accounts.models import Institution
from iocmarket.accounts.roles import Scope
from iocmarket.accounts.scoped import ScopedView
from iocmarket.accounts.viewer import Viewer
from iocmarket.api.parsers import named_parsers
from iocmarket.api.problems import Problem
from iocmarket.api.spool import Body, spooled

_DEFAULTS = [
    OpenApiParameter(name, OpenApiTypes.STR, description="Default for text, CSV, NDJSON and STIX; as in `defaults`.")
    for name in sorted(NAMES)
]
BODIES = named_parsers(media_types())
# The bodies that are one JSON document.
DOCUMENTS = frozenset({JSON, STIX})
PAGE, PAGE_MOST = 500, 2000
"""Items on a page of `items_url`: unasked, and at most."""


class Submissions(ScopedView):
    """Send indicators: up to 500 items are answered one by one, more are taken by the worker."""

    scopes: ClassVar = {"POST": Scope.INDICATORS_WRITE}
    # What the 415 names; the body itself is read by `spooled`, which knows every way in which one can arrive.
    parser_classes = BODIES

    @extend_schema(
        operation_id="submissions_create",
        parameters=[
            OpenApiParameter("dry_run", OpenApiTypes.BOOL, description="Answer without storing; at most 500 items."),
            OpenApiParameter("Idempotency-Key", OpenApiTypes.STR, OpenApiParameter.HEADER),
            OpenApiParameter(
                FORMAT,
                OpenApiTypes.STR,
                description="Reader of a body of a general media type.",
                enum=[reader.name for reader in file_readers],
            ),
            OpenApiParameter(
                COLUMNS, OpenApiTypes.STR, description="Of a table: what each column is for; or `remembered`."
            ),
            *_DEFAULTS,
        ],
        request={
            name: OpenApiTypes.OBJECT if name in DOCUMENTS else OpenApiTypes.STR for name in sorted(media_types())
        },
        responses={200: OpenApiTypes.OBJECT, 201: OpenApiTypes.OBJECT, 202: OpenApiTypes.OBJECT},
    )
    def post(self, request: Request) -> Response:
        """201 with a result for each item, 202 for more than 500; 200 for a dry run; else what is wrong and where."""
        viewer = self.viewer(request)
        dry = request.query_params.get("dry_run", "0") not in {"0", "false", ""}
        try:
            if not dry:
                pressure.check_publication()
            with spooled(request._request, media_types=media_types()) as body:  # noqa: SLF001 (DRF reads no chunks)
                if dry:
                    return _tried(request, body, viewer)
                return once(request, body, viewer=viewer, act=lambda: _done(request, body, viewer))
        except InvalidRequest as invalid:
            raise Problem.of_all(invalid.faults, status=invalid.status) from invalid
        except pressure.ComeBackLater as later:
            raise Problem(429, later.code, later.detail, wait=later.wait) from later


def _sent(request: Request, body: Body, viewer: Viewer) -> Sending | Long:
    name = Institution.objects.values_list("name", flat=True)
    return received(
        body, _given(request.query_params), sender=lambda: name.get(pk=viewer.institution_id),
        memory=lambda layout: recalled(layout, viewer.institution_id),
    )  # fmt: skip


def _tried(request: Request, body: Body, viewer: Viewer) -> Response:
    sent = _sent(request, body, viewer)
    if isinstance(sent, Long):
        detail = f"a dry run has at most {ITEMS_MAX} items: its answer is kept nowhere and could not be read in pages"
        raise Problem(413, "too_many_items", detail)
    return Response(answer_to(preview(sent, viewer=viewer)))


def _done(request: Request, body: Body, viewer: Viewer) -> Response:
    sent = _sent(request, body, viewer)
    if isinstance(sent, Long):
        answer = answer_again(enqueue(sent, viewer=viewer, channel=Submission.Channel.API))
        return Response(answer, status=202, headers={"Location": f"/api/v1/submissions/{answer['id']}"})
    pressure.check_rate(viewer, len(sent.drafts))
    answer = answer_to(submit(sent, viewer=viewer, channel=Submission.Channel.API))
    return Response(answer, status=201, headers={"Location": answer["items_url"]})


class SubmissionDetail(ScopedView):
    """One submission of the own institution."""

    scopes: ClassVar = {"GET": Scope.INDICATORS_WRITE, "DELETE": Scope.INDICATORS_WRITE}

    @extend_schema(operation_id="submissions_read", responses={200: OpenApiTypes.OBJECT})
    def get(self, request: Request, public_id: UUID) -> Response:
        """The answer that its sender got. 404 for anybody else's, as for none."""
        viewer = self.viewer(request)
        found = submissions_of(viewer).filter(public_id=public_id).first()
        if found is None:
            raise Http404
        return Response(answer_again(found))

    @extend_schema(operation_id="submissions_withdraw", responses={200: OpenApiTypes.OBJECT})
    def delete(self, request: Request, public_id: UUID) -> Response:
        """Take back everything that it said and that still stands; `withdrawn` counts it. Asked again it is 0."""
        viewer = self.viewer(request)
        found = submissions_of(viewer).filter(public_id=public_id).first()
        if found is None:
            raise Http404
        return Response({"id": str(found.public_id), "withdrawn": take_back_all(found, viewer=viewer)})


class SubmissionItems(ScopedView):
    """The items of one submission of the own institution, page by page."""

    scopes: ClassVar = {"GET": Scope.INDICATORS_WRITE}

    @extend_schema(
        operation_id="submissions_items",
        parameters=[
            OpenApiParameter("cursor", OpenApiTypes.STR, description="The `next` of the page before."),
            OpenApiParameter("limit", OpenApiTypes.INT, description=f"1 to {PAGE_MOST}; {PAGE} without it."),
        ],
        responses={200: OpenApiTypes.OBJECT},
    )
    def get(self, request: Request, public_id: UUID) -> Response:
        """`items` and `next`, the cursor of the page after; null on the last page of a finished submission."""
        viewer = self.viewer(request)
        found = submissions_of(viewer).filter(public_id=public_id).first()
        if found is None:
            raise Http404
        after = _whole(request.query_params, "cursor", default=-1, most=2**31 - 1)
        limit = _whole(request.query_params, "limit", default=PAGE, most=PAGE_MOST)
        if limit == 0:
            raise Problem(422, "bad_number", "limit is at least 1", where="?limit")
        return Response(page_of(found, after=after, limit=limit))


def _whole(query: QueryDict, name: str, *, default: int, most: int) -> int:
    text = query.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and int(text) <= most):
        raise Problem(422, "bad_number", f"{name} is a whole number up to {most}", where=f"{QUERY}{name}")
    return int(text)


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
