"""A short way to the exits that machines ask again and again: without what only pages need (ADR 0070).

Sessions, CSRF, messages, log-in, policies with a nonce: a consumer that shows a token, or a key in the address, has
none of them. Whoever sends the cookie of a session goes the long way.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import Resolver404, ResolverMatch, resolve

READING = frozenset({"GET", "HEAD"})
POLICY = "default-src 'none'; frame-ancestors 'none'"
"""What a browser may do with an answer that is no page: nothing."""


class MachineLane:
    """Answers a machine's request at once; every other goes on through the rest of the middleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass on, or answer. What a view raises goes to Django's own handling of exceptions, as ever."""
        match = _way(request)
        if match is None:
            return self._get_response(request)
        request.get_host()  # raises DisallowedHost, as the middleware would that is left out
        request.resolver_match = match
        answer = _answered(request, match)
        if callable(render := getattr(answer, "render", None)):
            answer = render()
        if isinstance(answer, HttpResponse) and answer.status_code != HTTPStatus.NOT_MODIFIED:
            answer.setdefault("Content-Length", str(len(answer.content)))
        answer.setdefault("Content-Security-Policy", POLICY)
        answer.setdefault("X-Frame-Options", settings.X_FRAME_OPTIONS)
        return answer


def _answered(request: HttpRequest, match: ResolverMatch) -> HttpResponseBase:
    """The view's answer. The database is not asked beforehand whether it is still there, which costs a tenth.

    The first statement tells: where the connection has gone meanwhile, the view reads again over a new one.
    """
    connection.health_check_done = True  # type: ignore[attr-defined]  # Django's, which its stubs leave out
    try:
        answer: HttpResponseBase = match.func(request, *match.args, **match.kwargs)
    except (InterfaceError, OperationalError):
        if connection.in_atomic_block or connection.is_usable():
            raise
        connection.close()
        answer = match.func(request, *match.args, **match.kwargs)
    return answer


def _way(request: HttpRequest) -> ResolverMatch | None:
    """Where a request leads that reads, has no session, and asks a view that says that machines poll it."""
    if request.method not in READING or settings.SESSION_COOKIE_NAME in request.COOKIES:
        return None
    try:
        match = resolve(request.path_info)
    except Resolver404:
        return None
    return match if getattr(getattr(match.func, "cls", None), "polled", False) else None
