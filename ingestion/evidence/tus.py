"""`/api/v1/evidence/uploads`: resumable uploads by tus 1.0.0 (tus.io), so that any of its clients sends archives.

Extensions: creation, checksum (SHA-256), expiration, termination. `Upload-Metadata` holds `filename`, `case`, and for
an encrypted zip or 7z `password`. GET answers as JSON what HEAD says in headers.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings
from django.shortcuts import get_object_or_404
from django.utils.http import http_date
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from ingestion.evidence import documents, uploads
from ingestion.evidence.api import own_case, problem_of
from ingestion.evidence.models import Case, Upload
from iocmarket.accounts.roles import Scope
from iocmarket.accounts.scoped import ScopedView
from iocmarket.api.negotiation import AnyAccept
from iocmarket.api.problems import Problem
from iocmarket.api.spool import announced_length, pieces_of, place_for
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal

VERSION = "1.0.0"
EXTENSIONS = "creation,checksum,expiration,termination"
MEDIA_TYPE = "application/offset+octet-stream"
ALGORITHM = "sha256"
_TUS = OpenApiParameter("Tus-Resumable", OpenApiTypes.STR, OpenApiParameter.HEADER, enum=[VERSION], required=True)
_LENGTH_DIGITS = 15


class TusView(ScopedView):
    """What the views of uploads have in common."""

    content_negotiation_class = AnyAccept

    def options(self, *_args: Any, **_named: Any) -> Response:
        """What this server speaks (tus 1.0, OPTIONS)."""
        said = {
            "Tus-Version": VERSION,
            "Tus-Extension": EXTENSIONS,
            "Tus-Max-Size": str(settings.EVIDENCE_MAX_BYTES),
            "Tus-Checksum-Algorithm": ALGORITHM,
        }
        return Response(status=204, headers=said)

    def check_version(self, request: Request) -> None:
        """Raises Problem 412 for a client of another version (tus 1.0, Tus-Resumable)."""
        if request.headers.get("Tus-Resumable") != VERSION:
            raise Problem(412, "tus_version", f"say Tus-Resumable: {VERSION}", where="Tus-Resumable")

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Each answer names the version, and is kept by no cache."""
        answer = super().finalize_response(request, response, *args, **kwargs)
        answer["Tus-Resumable"] = VERSION
        answer["Cache-Control"] = "no-store"
        if answer.status_code == 412:
            answer["Tus-Version"] = VERSION
        return answer


class Uploads(TusView):
    """Uploads on their way."""

    scopes: ClassVar = {"POST": Scope.EVIDENCE_WRITE}

    @extend_schema(
        operation_id="evidence_uploads_begin",
        parameters=[
            _TUS,
            OpenApiParameter("Upload-Length", OpenApiTypes.INT, OpenApiParameter.HEADER, required=True),
            OpenApiParameter(
                "Upload-Metadata", OpenApiTypes.STR, OpenApiParameter.HEADER, required=True,
                description="Pairs of a name and base64: `filename`, `case`, `password`.",
            ),
        ],
        request=None,
        responses={201: None},
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Begin one; `Location` is where its bytes go."""
        self.check_version(request)
        viewer = self.viewer(request)
        told = _metadata(request.headers.get("Upload-Metadata", ""))
        size = _whole(request, "Upload-Length")
        case = own_case(Case.objects.owned_by(viewer), told.get("case", ""))
        try:
            made = uploads.begin(
                case, filename=told.get("filename", ""), size=size, password=told.get("password", ""), viewer=viewer
            )
        except Refusal as refusal:
            raise problem_of(refusal) from refusal
        place = f"/api/v1/evidence/uploads/{made.public_id}"
        return Response(status=201, headers={"Location": place, "Upload-Offset": "0", **_expiry(made)})


class OneUpload(TusView):
    """An upload."""

    scopes: ClassVar = dict.fromkeys(("GET", "PATCH", "DELETE"), Scope.EVIDENCE_WRITE)

    @extend_schema(operation_id="evidence_uploads_read", responses=documents.UploadSchema)
    def get(self, request: Request, public_id: UUID) -> Response:
        """How far it came; HEAD says the same in `Upload-Offset` and `Upload-Length`."""
        if request.method == "HEAD":
            self.check_version(request)
        upload = self._upload(request, public_id)
        said = {
            "id": str(upload.public_id), "case": str(upload.case.public_id), "filename": upload.filename,
            "size": upload.size, "offset": upload.offset, "expires_at": clock.stamp(upload.expires_at),
            "archive": str(upload.archive.public_id) if upload.archive else None,
        }  # fmt: skip
        return Response(said, headers=_progress(upload))

    @extend_schema(
        operation_id="evidence_uploads_proceed",
        parameters=[
            _TUS,
            OpenApiParameter("Upload-Offset", OpenApiTypes.INT, OpenApiParameter.HEADER, required=True),
            OpenApiParameter(
                "Upload-Checksum", OpenApiTypes.STR, OpenApiParameter.HEADER, description="`sha256` and base64."
            ),
        ],
        request={MEDIA_TYPE: OpenApiTypes.BINARY},
        responses={204: None},
    )
    def patch(self, request: Request, public_id: UUID) -> Response:
        """Send the bytes from that offset on; what arrives before the connection breaks is kept."""
        self.check_version(request)
        plain = request._request  # noqa: SLF001 (REST framework reads no stream)
        if plain.content_type != MEDIA_TYPE:
            raise Problem(415, "unsupported_media_type", f"the body is {MEDIA_TYPE}", where="Content-Type")
        upload = self._upload(request, public_id)
        offset = _whole(request, "Upload-Offset")
        checksum = _checksum(request.headers.get("Upload-Checksum"))
        length = announced_length(plain)
        if length is not None and upload.size is not None and offset == upload.offset and offset + length > upload.size:
            raise Problem(413, "archive_too_large", "the body goes beyond the announced length")
        try:
            with place_for(length):
                pieces = pieces_of(plain, length, most=settings.EVIDENCE_MAX_BYTES)
                upload = uploads.proceed(upload, pieces, offset=offset, sha256=checksum, viewer=self.viewer(request))
        except Refusal as refusal:
            raise problem_of(refusal) from refusal
        return Response(status=204, headers=_progress(upload))

    @extend_schema(operation_id="evidence_uploads_terminate", parameters=[_TUS], responses={204: None})
    def delete(self, request: Request, public_id: UUID) -> Response:
        """Throw it away. An archive that it became stays."""
        self.check_version(request)
        uploads.terminate(self._upload(request, public_id))
        return Response(status=204)

    def _upload(self, request: Request, public_id: UUID) -> Upload:
        """Raises Http404 for any other than the own institution's."""
        own = Upload.objects.filter(case__in=Case.objects.owned_by(self.viewer(request)))
        return get_object_or_404(own.select_related("case", "archive"), public_id=public_id)


def _progress(upload: Upload) -> dict[str, str]:
    said = {"Upload-Offset": str(upload.offset), **_expiry(upload)}
    if upload.size is not None:
        said["Upload-Length"] = str(upload.size)
    return said


def _expiry(upload: Upload) -> dict[str, str]:
    """RFC 9110, 5.6.7, as tus asks; of a finished upload nothing expires that matters."""
    return {} if upload.archive_id else {"Upload-Expires": http_date(upload.expires_at.timestamp())}


def _whole(request: Request, name: str) -> int:
    """A header that is a whole number. Raises Problem 400."""
    text = request.headers.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) <= _LENGTH_DIGITS):
        raise Problem(400, "bad_number", f"{name} is a whole number", where=name)
    return int(text)


def _metadata(text: str) -> dict[str, str]:
    """Names and their values (tus 1.0, Creation). Raises Problem 400 for what is no base64 of text, or comes twice."""
    found: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in text.split(","))):
        name, _, encoded = pair.partition(" ")
        if name in found:
            raise Problem(400, "duplicate_name", "a name of the metadata is given twice", where="Upload-Metadata")
        try:
            found[name] = base64.b64decode(encoded.strip(), validate=True).decode()
        except ValueError as error:
            raise Problem(400, "bad_metadata", "metadata are names and base64", where="Upload-Metadata") from error
    return found


def _checksum(text: str | None) -> bytes | None:
    """The digest that the client says. Raises Problem 400 for another algorithm, or none."""
    if text is None:
        return None
    algorithm, _, encoded = text.partition(" ")
    try:
        digest = base64.b64decode(encoded.strip(), validate=True)
    except binascii.Error:
        digest = b""
    if algorithm != ALGORITHM or len(digest) != 32:
        raise Problem(400, "bad_checksum", f"a checksum is {ALGORITHM} and base64", where="Upload-Checksum")
    return digest
