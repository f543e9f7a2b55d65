"""A short way to the exits that machines ask again and again: without what only pages need (ADR 0070).

Sessions, CSRF, messages, log-in, policies with a nonce: a consumer that shows a token, or a key in the address, has
none of them. Whoever sends the cookie of a session goes the long way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from http import HTTPStatus

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import Resolver404, ResolverMatch, URLPattern, URLResolver, get_resolver, resolve

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
    path = request.path_info
    if path[1:].partition("/")[0] not in _words(settings.ROOT_URLCONF):
        return None
    try:
        match = resolve(path)
    except Resolver404:
        return None
    return match if _is_polled(match.func) else None


@cache
def _words(urlconf: str) -> frozenset[str]:
    """The first words of the paths of such views: no other path is compared here and then once more by Django."""
    return frozenset(_first_words(get_resolver(urlconf).url_patterns))


def _first_words(patterns: Iterable[URLPattern | URLResolver]) -> Iterator[str]:
    for each in patterns:
        if isinstance(each, URLResolver):
            yield from _first_words(each.url_patterns)
        elif _is_polled(each.callback):
            yield str(each.pattern).removeprefix("^").partition("/")[0]


def _is_polled(view: object) -> bool:
    return bool(getattr(getattr(view, "cls", None), "polled", False))
