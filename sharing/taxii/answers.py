"""Answers and error messages of the TAXII server: one media type, never a page, nothing that a cache may keep."""

from __future__ import annotations

import gzip
import io
import secrets
from http import HTTPStatus
from typing import Any

import orjson
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.utils.cache import patch_vary_headers
from rest_framework import exceptions
from rest_framework.request import Request

from iocmarket.api.problems import Problem
from iocmarket.kernel.decision import Refusal
from sharing.taxii.media import TAXII

# Shorter answers gain nothing from compression.
GZIP_FROM = 500
# Level 1: three times as fast as the default for a few per cent of size; a page is compressed at every pull.
GZIP_LEVEL = 1


def answer(document: Any, *, status: int = 200) -> HttpResponse:
    """A TAXII resource."""
    return sent(orjson.dumps(document), status=status)


def sent(body: bytes, *, status: int = 200) -> HttpResponse:
    """A TAXII resource that is written already."""
    return HttpResponse(body, status=status, content_type=TAXII, headers={"Cache-Control": "no-store"})


def bad_request(code: str, detail: str) -> Problem:
    """A malformed filter or parameter (section 3.4: 400)."""
    return Problem(400, code, detail)


def exception_handler(error: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """Every refusal becomes an error message (section 3.6.1); faults of ours are left to the 500 handler."""
    del context
    if isinstance(error, Refusal):
        error = Problem.of(error)
    elif isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if not isinstance(error, exceptions.APIException):
        return None
    codes = error.get_codes()
    response = answer(
        {
            "title": HTTPStatus(error.status_code).phrase,
            "description": str(error.detail),
            "error_code": codes if isinstance(codes, str) else "invalid",
            "http_status": str(error.status_code),
        },
        status=error.status_code,
    )
    if challenge := getattr(error, "auth_header", None):
        response["WWW-Authenticate"] = challenge
    if wait := getattr(error, "wait", None):
        response["Retry-After"] = str(int(wait) or 1)
    return response


def compress(request: Request, response: HttpResponse) -> None:
    """Gzip the body where the client takes it (SIEM collectors do, and STIX shrinks to a tenth).

    A name of random length in the gzip header blurs the size: what others contributed cannot be measured byte by byte
    through what one contributes oneself (the BREACH attack; Django's own compression does the same).
    """
    patch_vary_headers(response, ("Accept", "Accept-Encoding", "Authorization"))
    if len(response.content) < GZIP_FROM or "gzip" not in request.headers.get("Accept-Encoding", "").lower():
        return
    buffer = io.BytesIO()
    name = "x" * secrets.randbelow(100)
    with gzip.GzipFile(filename=name, mode="wb", compresslevel=GZIP_LEVEL, fileobj=buffer, mtime=0) as file:
        file.write(response.content)
    response.content = buffer.getvalue()
    response["Content-Encoding"] = "gzip"
