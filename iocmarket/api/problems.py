"""Errors as RFC 9457 problem JSON: what was wrong and where, never a page, never a trace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from rest_framework import exceptions
from rest_framework.response import Response

from iocmarket.kernel.decision import Refusal

MEDIA_TYPE = "application/problem+json"
_TITLES = {
    400: "Bad request",
    401: "Authentication required",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    406: "Not acceptable",
    408: "Too slow",
    409: "Conflict",
    410: "Gone",
    412: "Version not spoken",
    413: "Too large",
    415: "Unsupported media type",
    422: "Not accepted",
    423: "Locked",
    429: "Too many requests",
    460: "Checksum mismatch",
    500: "Internal error",
    503: "Not ready",
}


class Problem(exceptions.APIException):
    """A refusal with its HTTP status; `code` is stable, `where` is a JSON Pointer, a parameter or a line."""

    def __init__(self, status: int, code: str, detail: str, *, where: str = "", wait: int = 0, **extra: object) -> None:
        """`wait`: the seconds after which to try again (Retry-After)."""
        super().__init__(detail=detail, code=code)
        self.wait = wait
        self.status_code = status
        self.code = code
        self.where = where
        self.extra = extra

    @classmethod
    def of_all(cls, faults: Sequence[Refusal], *, status: int = 422) -> Problem:
        """The problem of a body with several faults, of which the first is its own; up to 100 are listed."""
        errors = [{"where": fault.where, "code": fault.code, "detail": fault.detail} for fault in faults[:100]]
        return cls(status, faults[0].code, faults[0].detail, where=faults[0].where, errors=errors)

    @classmethod
    def of(cls, refusal: Refusal, *, status: int = 422) -> Problem:
        """The problem that a refusal is at the API's edge."""
        return cls(status, refusal.code, refusal.detail, where=refusal.where)


def document(status: int, code: str, detail: str, *, where: str = "", **extra: object) -> dict[str, object]:
    """The members of a problem (RFC 9457 section 3.1) and our extensions `code` and `where`."""
    body: dict[str, object] = {
        "type": f"urn:iocmarket:problem:{code}",
        "title": _TITLES.get(status, "Error"),
        "status": status,
        "detail": detail,
        "code": code,
    }
    if where:
        body["where"] = where
    body.update(extra)
    return body


def response(status: int, code: str, detail: str, **extra: object) -> HttpResponse:
    """A problem outside of REST framework (error handlers, plain views)."""
    body = orjson.dumps(document(status, code, detail, **extra))  # type: ignore[arg-type]
    return HttpResponse(body, status=status, content_type=MEDIA_TYPE)


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Every exception of an API view becomes a problem; unknown ones are left to the 500 handler."""
    if isinstance(error, Refusal):
        error = Problem.of(error)
    elif isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if not isinstance(error, exceptions.APIException):
        return None
    answer = Response(_document_of(error, context), status=error.status_code, content_type=MEDIA_TYPE)
    if challenge := getattr(error, "auth_header", None):
        answer["WWW-Authenticate"] = challenge
    if wait := getattr(error, "wait", None):
        answer["Retry-After"] = str(int(wait) or 1)
    return answer


def _document_of(error: exceptions.APIException, context: dict[str, Any]) -> dict[str, object]:
    if isinstance(error, Problem):
        return document(error.status_code, error.code, str(error.detail), where=error.where, **error.extra)
    codes = error.get_codes()
    code = codes if isinstance(codes, str) else "invalid"
    found = document(error.status_code, code, str(error.detail))
    if isinstance(error, exceptions.UnsupportedMediaType):
        found["supported"] = _readable(context)
    return found


def _readable(context: dict[str, Any]) -> list[str]:
    """The media types that the view reads."""
    return [parser.media_type for parser in getattr(context.get("view"), "parser_classes", ())]
