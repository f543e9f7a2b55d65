"""Every installed app of ours that has a `urls` module brings its paths; no house names the ones above it."""

from __future__ import annotations

from importlib.util import find_spec

from allauth.account.views import signup
from django.apps import apps
from django.urls import URLPattern, URLResolver, include, path

from iocmarket.accounts.account_pages import factors
from iocmarket.accounts.closed import CLOSED, not_offered
from iocmarket.web.throttles import limited

HOUSES = ("iocmarket.", "ingestion.", "sharing.")


def _paths() -> list[URLPattern | URLResolver]:
    ours = [config.name for config in apps.get_app_configs() if config.name.startswith(HOUSES)]
    # The top first, which machines ask most: a path is compared with one pattern after the other.
    brought = [path("", include(f"{name}.urls")) for name in reversed(ours) if find_spec(f"{name}.urls")]
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
