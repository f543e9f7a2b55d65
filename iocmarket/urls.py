"""Every installed app of ours that has a `urls` module brings its paths; no house names the ones above it.

Django compares a path with one pattern after the other. Here an app is passed over at once whose paths begin with
other words: of some hundred patterns a request then meets a dozen.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from allauth.account.views import signup
from django.apps import apps
from django.urls import URLPattern, URLResolver, include, path
from django.urls.resolvers import RoutePattern

from iocmarket.accounts.account_pages import factors
from iocmarket.accounts.closed import CLOSED, not_offered
from iocmarket.web.throttles import limited

HOUSES = ("iocmarket.", "ingestion.", "sharing.")


class Beginning(RoutePattern):
    """Paths that begin with one of these words."""

    def __init__(self, words: frozenset[str]) -> None:
        super().__init__("")
        self._words = words

    def match(self, path: str) -> tuple[str, tuple[Any, ...], dict[str, int | str]] | None:
        """As the empty route, with which every path begins; None for a path that begins with another word."""
        return super().match(path) if path.partition("/")[0] in self._words else None


def by_first_word(patterns: Iterable[URLPattern | URLResolver]) -> dict[str, list[URLPattern | URLResolver]] | None:
    """The patterns by what their paths begin with, up to the first slash; None where that may be any word.

    Patterns of two words never meet the same path, so that their order says nothing.
    """
    found: dict[str, list[URLPattern | URLResolver]] = {}
    for each in patterns:
        word, slash, _rest = str(each.pattern).partition("/")
        if not isinstance(each.pattern, RoutePattern) or "<" in word or (isinstance(each, URLResolver) and not slash):
            return None
        found.setdefault(word, []).append(each)
    return found


def _brought(name: str) -> URLPattern | URLResolver:
    """The paths of one app."""
    words = by_first_word(import_module(name).urlpatterns)
    if words is None:
        return path("", include(name))
    each = [URLResolver(Beginning(frozenset({word})), those) for word, those in words.items()]
    return URLResolver(Beginning(frozenset(words)), each)


def _paths() -> list[URLPattern | URLResolver]:
    ours = [config.name for config in apps.get_app_configs() if config.name.startswith(HOUSES)]
    # The top first, which machines ask most: a path is compared with one pattern after the other.
    brought = [_brought(f"{name}.urls") for name in reversed(ours) if find_spec(f"{name}.urls")]
    # Before allauth's own, in whose place they stand.
    instead = [path(f"accounts/{name}", not_offered) for name in CLOSED]
    instead.append(path("accounts/signup/", limited("application")(signup)))
    instead += [path(f"accounts/{name}", factors) for name in ("2fa/", "2fa/webauthn/")]
    libraries = [
        path("accounts/", include("allauth.account.urls")),
        path("accounts/2fa/", include("allauth.mfa.urls")),
    ]
    return [*brought, *instead, *libraries]


urlpatterns = _paths()
handler400 = "iocmarket.web.views.bad_request"
handler403 = "iocmarket.web.views.permission_denied"
handler404 = "iocmarket.web.views.page_not_found"
handler429 = "iocmarket.web.views.too_many"  # read by django-allauth
handler500 = "iocmarket.web.views.server_error"
