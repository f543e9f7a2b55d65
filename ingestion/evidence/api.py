"""`/api/v1/evidence`: cases, guests, archives, and the one-shot upload. Thin: cases.py, uploads.py, archives.py write.

What is not the institution's and what is not there are the same 404. Each read is in the record of acts.
"""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from ingestion.evidence import archives, cases, documents, uploads
from ingestion.evidence.hits import hits_of
from ingestion.evidence.models import Archive, Case, Guest, Upload
from iocmarket.accounts.roles import Scope
from iocmarket.accounts.scoped import ScopedView
from iocmarket.api.negotiation import AnyAccept
from iocmarket.api.problems import Problem
from iocmarket.api.shapes import read_shape
from iocmarket.api.spool import announced_length, pieces_of, place_for
from iocmarket.audit.services import Actor
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.marking import TLP

SHOWN = 200
"""Cases of one answer: the newest."""
TOO_LARGE = frozenset({"archive_too_large", "quota_used_up"})
"""Refusals that are 413 rather than 422."""


def problem_of(refusal: Refusal) -> Problem:
    """The refusal with its status."""
    if refusal.code == "no_evidence_keys":
        return Problem(503, refusal.code, refusal.detail, wait=60)
    return Problem.of(refusal, status=413 if refusal.code in TOO_LARGE else 422)


class Cases(ScopedView):
    """Cases."""

    scopes: ClassVar = {"GET": Scope.EVIDENCE_READ, "POST": Scope.EVIDENCE_WRITE}

    @extend_schema(operation_id="evidence_cases_list", responses=documents.CasesSchema)
    def get(self, request: Request) -> Response:
        """The newest two hundred: of the own institution, and those that the person is a guest of."""
        found = cases.cases_read(self.viewer(request), SHOWN)
        return Response({"cases": [documents.case_document(each) for each in found]})

    @extend_schema(
        operation_id="evidence_cases_open",
        request=documents.CaseRequestSchema,
        responses={201: documents.CaseSchema},
    )
    def post(self, request: Request) -> Response:
        """Open one. It exists for the own institution alone, until it names guests."""
        viewer = self.viewer(request)
        given = read_shape(documents.CaseRequestSchema, request)
        tlp = TLP.parse(given["tlp"]) if "tlp" in given else min(TLP.AMBER_STRICT, viewer.ceiling.tlp)
        made = cases.open_case(title=given["title"], tlp=tlp, viewer=viewer)
        answer = Response(documents.case_document(made), status=201)
        answer["Location"] = f"/api/v1/evidence/cases/{made.public_id}"
        return answer


class OneCase(ScopedView):
    """A case."""

    scopes: ClassVar = {"GET": Scope.EVIDENCE_READ}

    @extend_schema(operation_id="evidence_cases_read", responses=documents.OneCaseSchema)
    def get(self, request: Request, public_id: UUID) -> Response:
        """Its archives, its guests and its chain of custody."""
        found = cases.case_read(public_id, self.viewer(request))
        if found is None:
            raise Http404
        return Response(documents.one_case_document(found))


class Guests(ScopedView):
    """Who of other institutions may read a case."""

    scopes: ClassVar = {"POST": Scope.EVIDENCE_WRITE}

    @extend_schema(
        operation_id="evidence_guests_invite",
        request=documents.GuestRequestSchema,
        responses={201: documents.GuestSchema},
    )
    def post(self, request: Request, public_id: UUID) -> Response:
        """Let a person in, by the address."""
        viewer = self.viewer(request)
        case = get_object_or_404(Case.objects.owned_by(viewer), public_id=public_id)
        made = cases.invite(case, read_shape(documents.GuestRequestSchema, request)["member"], viewer=viewer)
        return Response(documents.guest_document(made), status=201)


class OneGuest(ScopedView):
    """A guest."""

    scopes: ClassVar = {"DELETE": Scope.EVIDENCE_WRITE}

    @extend_schema(operation_id="evidence_guests_part", responses={204: None})
    def delete(self, request: Request, public_id: UUID, guest_id: UUID) -> Response:
        """Take the person out, from the next request on."""
        viewer = self.viewer(request)
        own = Guest.objects.filter(case__in=Case.objects.owned_by(viewer)).select_related("case")
        cases.part(get_object_or_404(own, public_id=guest_id, case__public_id=public_id), viewer=viewer)
        return Response(status=204)


class OneArchive(ScopedView):
    """An archive."""

    scopes: ClassVar = {"GET": Scope.EVIDENCE_READ, "DELETE": Scope.EVIDENCE_WRITE}

    @extend_schema(operation_id="evidence_archives_read", responses=documents.OneArchiveSchema)
    def get(self, request: Request, public_id: UUID) -> Response:
        """Its state, and what became of each artefact."""
        found = archives.archive_read(public_id, self.viewer(request))
        if found is None:
            raise Http404
        return Response(documents.one_archive_document(found))

    @extend_schema(operation_id="evidence_archives_shred", responses={204: None})
    def delete(self, request: Request, public_id: UUID) -> Response:
        """Shred it, and everything that was made of it; its hash and the chain of custody stay."""
        viewer = self.viewer(request)
        found = get_object_or_404(Archive.objects.owned_by(viewer), public_id=public_id)
        archives.shred(found, actor=Actor.of(viewer))
        return Response(status=204)


class Hits(ScopedView):
    """Hits of an archive."""

    scopes: ClassVar = {"GET": Scope.EVIDENCE_READ}

    @extend_schema(operation_id="evidence_archives_hits", responses=documents.HitsSchema)
    def get(self, request: Request, public_id: UUID) -> Response:
        """The known indicators that its records hold, of those that you may see: the newest five hundred."""
        viewer = self.viewer(request)
        found = archives.archive_read(public_id, viewer)
        if found is None:
            raise Http404
        return Response(documents.hits_document(found, hits_of([found], viewer)))


class NewArchive(ScopedView):
    """An archive in one request."""

    scopes: ClassVar = {"PUT": Scope.EVIDENCE_WRITE}
    content_negotiation_class = AnyAccept

    @extend_schema(
        operation_id="evidence_archives_put",
        parameters=[
            OpenApiParameter("case", OpenApiTypes.UUID, description="The case; without it a new one of that name."),
            OpenApiParameter(
                "X-Archive-Password", OpenApiTypes.STR, OpenApiParameter.HEADER,
                description="Of an encrypted zip or 7z. Kept encrypted, and only while the archive is processed.",
            ),
        ],
        request={"application/octet-stream": OpenApiTypes.BINARY},
        responses={202: documents.ArchiveSchema},
    )  # fmt: skip
    def put(self, request: Request, filename: str) -> Response:
        """Send a collector's archive whole, whatever kind it is: that is told by its content."""
        viewer = self.viewer(request)
        plain = request._request  # noqa: SLF001 (REST framework reads no stream)
        if plain.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
            raise Problem(415, "unsupported_encoding", "send the archive as it is", where="Content-Encoding")
        length = announced_length(plain)
        password = _as_typed(plain.headers.get("X-Archive-Password", ""))
        try:
            case = self._case(request, filename)
            upload = uploads.begin(case, filename=filename, size=length, password=password, viewer=viewer)
            with place_for(length):
                uploads.proceed(
                    upload, pieces_of(plain, length, most=settings.EVIDENCE_MAX_BYTES), offset=0, viewer=viewer
                )
        except Refusal as refusal:
            raise problem_of(refusal) from refusal
        finally:
            _drop_unfinished(upload if "upload" in locals() else None)
        made = Archive.objects.select_related("case").get(upload=upload)
        answer = Response(documents.archive_document(made), status=202)
        answer["Location"] = f"/api/v1/evidence/archives/{made.public_id}"
        return answer

    def _case(self, request: Request, filename: str) -> Case:
        """The one that was named. Raises Http404 for any other than the own."""
        viewer = self.viewer(request)
        named = request.query_params.get("case")
        if named is None:
            tlp = min(TLP.AMBER_STRICT, viewer.ceiling.tlp)
            return cases.open_case(title=uploads.cleaned_filename(filename)[: cases.TITLE_MAX], tlp=tlp, viewer=viewer)
        return own_case(Case.objects.owned_by(viewer), named)


def own_case(own: QuerySet[Case], named: str) -> Case:
    """The case of that id. Raises Http404, for what is no id, too."""
    try:
        return get_object_or_404(own, public_id=UUID(named))
    except ValueError as error:
        raise Http404 from error


def _drop_unfinished(upload: Upload | None) -> None:
    """A one-shot upload that broke off cannot be continued."""
    if upload is not None and upload.archive_id is None:
        uploads.terminate(upload)


def _as_typed(header: str) -> str:
    """A header's text: WSGI hands its bytes over as Latin-1 (PEP 3333), and clients send UTF-8, few Latin-1."""
    try:
        return header.encode("latin-1").decode()
    except UnicodeError:
        return header
