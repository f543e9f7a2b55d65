"""Every installed app of ours that has a `urls` module brings its paths; no house names the ones above it."""

from __future__ import annotations

from importlib.util import find_spec

from django.apps import apps
from django.urls import URLPattern, URLResolver, include, path

from iocmarket.accounts.closed import not_offered

HOUSES = ("iocmarket.", "ingestion.", "sharing.")


def _paths() -> list[URLPattern | URLResolver]:
    ours = [config.name for config in apps.get_app_configs() if config.name.startswith(HOUSES)]
    brought = [path("", include(f"{name}.urls")) for name in ours if find_spec(f"{name}.urls")]
    closed = path("accounts/email/", not_offered)  # before allauth's own
    return [closed, path("accounts/", include("allauth.account.urls")), *brought]


urlpatterns = _paths()
handler400 = "iocmarket.web.views.bad_request"
handler403 = "iocmarket.web.views.permission_denied"
handler404 = "iocmarket.web.views.page_not_found"
handler500 = "iocmarket.web.views.server_error"
