"""A path answers the same with and without its trailing slash, without redirect (contracts.md).

Clients join addresses in every way; a redirect would lose the body of a POST and the token of some clients.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve

SHORT = 32
"""Letters of a path that names a kind of thing: one with an identifier or a key in it is longer, and is not kept."""


class EitherSlash:
    """If the path as given leads nowhere, and with its last slash added or taken it does, serve that one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        other = _other_spelling(request.path_info)
        if other and not leads_somewhere(request.path_info) and leads_somewhere(other):
            request.path = request.path.removesuffix(request.path_info) + other
            request.path_info = other
        return self._get_response(request)


def _other_spelling(path: str) -> str:
    return path.rstrip("/") if path.endswith("/") else f"{path}/"


def leads_somewhere(path: str) -> bool:
    """Whether a route of ours has this very path. What machines ask again and again is compared once."""
    return _kept(path, settings.ROOT_URLCONF) if len(path) <= SHORT else _leads(path)


@lru_cache(maxsize=1024)
def _kept(path: str, urlconf: str) -> bool:
    del urlconf  # only the key
    return _leads(path)


def _leads(path: str) -> bool:
    try:
        resolve(path)
    except Resolver404:
        return False
    return True
