"""Every installed app of ours that has a `urls` module brings its paths; no house names the ones above it.

Django compares a path with one pattern after the other. Here those that begin with its first word are found in a
table: of some hundred patterns a request then meets a dozen.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec

from allauth.account.views import signup
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.urls import Resolver404, ResolverMatch, URLPattern, URLResolver, include, path
from django.urls.resolvers import RoutePattern

from iocmarket.accounts.account_pages import factors
from iocmarket.accounts.closed import CLOSED, not_offered
from iocmarket.web.throttles import limited

_WORD = re.compile(r"[\w.-]*", re.ASCII)
HOUSES = ("iocmarket.", "ingestion.", "sharing.")


class ByFirstWord(URLResolver):
    """Paths whose first word stands in a table: those that begin with it are compared, and no others."""

    def __init__(self, found: Mapping[str, Sequence[URLPattern | URLResolver]]) -> None:
        super().__init__(RoutePattern(""), [each for those in found.values() for each in those])
        self._found = {word: URLResolver(RoutePattern(""), those) for word, those in found.items()}

    def resolve(self, path: str) -> ResolverMatch:
        """As Django's, over a part of the patterns. Raises Resolver404."""
        there = self._found.get(str(path).partition("/")[0])
        if there is None:
            raise Resolver404({"tried": [], "path": path})
        return there.resolve(path)


def by_first_word(patterns: Iterable[URLPattern | URLResolver]) -> dict[str, list[URLPattern | URLResolver]]:
    """The patterns by what their paths begin with, up to the first slash.

    Patterns of two words never meet the same path, so that their order says nothing. Raises ImproperlyConfigured for
    one whose first word is not written out: it would have to be compared with every path.
    """
    found: dict[str, list[URLPattern | URLResolver]] = {}
    for each in patterns:
        word, slash, _rest = str(each.pattern).removeprefix("^").partition("/")
        written = _WORD.fullmatch(word) and (isinstance(each.pattern, RoutePattern) or "." not in word)
        if not written or (isinstance(each, URLResolver) and not slash):
            raise ImproperlyConfigured(f"the first word of the path {str(each.pattern)!r} is not written out")
        found.setdefault(word, []).append(each)
    return found


def _paths() -> list[URLPattern | URLResolver]:
    ours = [config.name for config in apps.get_app_configs() if config.name.startswith(HOUSES)]
    # The top first: it may take a path before those below it.
    modules = [import_module(f"{name}.urls") for name in reversed(ours) if find_spec(f"{name}.urls")]
    brought = ByFirstWord(by_first_word(each for module in modules for each in module.urlpatterns))
    # Before allauth's own, in whose place they stand.
    instead = [path(f"accounts/{name}", not_offered) for name in CLOSED]
    instead.append(path("accounts/signup/", limited("application")(signup)))
    instead += [path(f"accounts/{name}", factors) for name in ("2fa/", "2fa/webauthn/")]
    libraries = [
        path("accounts/", include("allauth.account.urls")),
        path("accounts/2fa/", include("allauth.mfa.urls")),
    ]
    return [brought, *instead, *libraries]


urlpatterns = _paths()
handler400 = "iocmarket.web.views.bad_request"
handler403 = "iocmarket.web.views.permission_denied"
handler404 = "iocmarket.web.views.page_not_found"
handler429 = "iocmarket.web.views.too_many"  # read by django-allauth
handler500 = "iocmarket.web.views.server_error"
