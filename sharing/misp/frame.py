"""What all MISP routes share: a token in any spelling, parameters wherever they stand, errors in MISP's shape."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

import orjson
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from rest_framework import exceptions
from rest_framework.request import Request

from iocmarket.accounts.authentication import TokenAuthentication
from iocmarket.accounts.permissions import HasScope
from iocmarket.accounts.roles import Scope
from iocmarket.accounts.scoped import ScopedView
from iocmarket.api.negotiation import AnyAccept
from iocmarket.api.problems import Problem
from iocmarket.api.renderers import OrjsonRenderer
from iocmarket.kernel.decision import Refusal
from sharing.misp.paths import asked_of
from sharing.misp.reach import NotReady

JSON = "application/json"
BODY_MAX = 1024 * 1024
"""Bytes of a question: some ten thousand values. Routes that write take more."""
NOT_SAVED = 403
"""MISP's status for what it does not store."""
_TITLES = {
    400: "Bad Request",
    401: "Authentication failed. Please make sure you pass the API key of an API enabled user along in the"
    " Authorization header.",
    403: "You do not have permission to use this functionality.",
    404: "Not Found",
    405: "Method Not Allowed",
    413: "Request Entity Too Large",
    429: "Too Many Requests",
    503: "Service Unavailable",
}

Params = dict[str, Any]


class NotSaved(exceptions.APIException):
    """What MISP answers when it does not store what was sent; `errors` by field."""

    status_code = NOT_SAVED

    def __init__(self, name: str, errors: Mapping[str, list[str]] | str) -> None:
        super().__init__(detail=name)
        self.name, self.errors = name, errors


class MispView(ScopedView):
    """A route. Machines only: a person's session opens none."""

    authentication_classes = (TokenAuthentication,)
    permission_classes = (HasScope,)
    content_negotiation_class = AnyAccept  # PyMISP accepts JSON and asks for CSV
    renderer_classes = (OrjsonRenderer,)
    scopes: ClassVar[dict[str, str]] = {"GET": Scope.INDICATORS_READ.value, "POST": Scope.INDICATORS_READ.value}
    schema = None
    body_max = BODY_MAX

    def get_exception_handler(self) -> Callable[[Exception, dict[str, Any]], HttpResponse | None]:
        """MISP's own shape of errors instead of problem JSON."""
        return exception_handler

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Nothing of it may be kept by a cache."""
        found = super().finalize_response(request, response, *args, **kwargs)
        found.setdefault("Cache-Control", "no-store")
        return found

    def params(self, request: Request) -> Params:
        """The parameters: of the path, of the query, of the body, the later before the earlier. Raises Problem 400.

        A query beside a body is ignored, as MISP does: Elastic puts a part of its question into both.
        """
        body = read_body(request, self.body_max) if request.method == "POST" else None
        if body is not None and not isinstance(body, dict):
            raise Problem(400, "bad_json", "the body is not a JSON object")
        found: Params = dict(asked_of(request).named)
        if not body:
            found |= {name: request.query_params[name] for name in request.query_params}
        given = body or {}
        inner = given.get("request")
        return found | (inner if isinstance(inner, dict) else given)


def read_body(request: Request, size_max: int) -> Any:
    """The JSON of a body; a form's fields; None for none. Raises Problem: 400, 413."""
    raw: bytes = request.stream.read(size_max + 1) if request.stream is not None else b""
    if len(raw) > size_max:
        raise Problem(413, "body_too_large", f"the body is longer than {size_max} bytes")
    if not raw.strip():
        return None
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Problem(400, "bad_json", "the body is not JSON") from error


def answer(document: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """A JSON answer."""
    return HttpResponse(orjson.dumps(document), status=status, content_type=JSON, headers=dict(headers or {}))


def sent(parts: Iterable[bytes], content_type: str, **headers: str) -> HttpResponseBase:
    """An answer that is written while it is sent."""
    return StreamingHttpResponse(parts, content_type=content_type, headers=headers)


def saved(name: str, url: str, *, number: int | str | None = None, **more: Any) -> dict[str, Any]:
    """What MISP answers to an act that worked."""
    done = {"saved": True, "success": True, "name": name, "message": name, "url": url, **more}
    return done if number is None else {**done, "id": str(number)}


def exception_handler(error: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """Every refusal in the shape that MISP's clients read; faults of ours are left to the 500 handler."""
    request: Request = context["request"]
    url = asked_of(request).url
    if isinstance(error, NotSaved):
        document = {"saved": False, "name": error.name, "message": error.name, "url": url, "errors": error.errors}
        return answer(document, status=NOT_SAVED)
    error = _as_api(error)
    if not isinstance(error, exceptions.APIException):
        return None
    status = error.status_code
    name = _TITLES.get(status, str(error.detail)) if status in {401, 404} else str(error.detail)
    response = answer({"name": name, "message": name, "url": url}, status=status)
    if challenge := getattr(error, "auth_header", None):
        response["WWW-Authenticate"] = challenge
    if wait := getattr(error, "wait", None):
        response["Retry-After"] = str(int(wait) or 1)
    return response


def _as_api(error: Exception) -> Exception:
    if isinstance(error, NotReady):
        return Problem(503, "not_ready", "what is asked for is being prepared: ask again", wait=error.retry_after)
    if isinstance(error, Refusal):
        return Problem.of(error, status=400)
    if isinstance(error, Http404):
        return exceptions.NotFound()
    return exceptions.PermissionDenied() if isinstance(error, PermissionDenied) else error
