"""Every installed app of ours that has a `urls` module brings its paths; no house names the ones above it."""

from __future__ import annotations

from importlib.util import find_spec

from django.apps import apps
from django.urls import URLPattern, URLResolver, include, path

HOUSES = ("iocmarket.", "ingestion.", "sharing.")


def _paths() -> list[URLPattern | URLResolver]:
    found: list[URLPattern | URLResolver] = [path("accounts/", include("allauth.account.urls"))]
    for config in apps.get_app_configs():
        if config.name.startswith(HOUSES) and find_spec(f"{config.name}.urls"):
            found.append(path("", include(f"{config.name}.urls")))
    return found


urlpatterns = _paths()
handler400 = "iocmarket.web.views.bad_request"
handler403 = "iocmarket.web.views.permission_denied"
handler404 = "iocmarket.web.views.page_not_found"
handler500 = "iocmarket.web.views.server_error"
