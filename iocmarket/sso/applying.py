"""What a provider said of somebody whose institution is not in yet, kept in the browser's session for the form."""

from __future__ import annotations

import time
from dataclasses import asdict

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from iocmarket.sso.asserted import Asserted
from iocmarket.sso.config import ProviderConfig
from iocmarket.sso.providers import provider_of

_KEY = "sso_applies"
SECONDS = 1800
"""For how long the form can be sent; after that the provider is asked once more."""


def begin_application(request: HttpRequest, asserted: Asserted, config: ProviderConfig) -> HttpResponse:
    """Keep it, and go to the form. Nothing is stored of somebody who does not send it."""
    said = {**asdict(asserted), "scopes": sorted(asserted.scopes & set(config.scopes))}
    request.session[_KEY] = {"until": time.time() + SECONDS, "said": said}
    return redirect("sso-apply")


def application_begun(request: HttpRequest) -> tuple[Asserted, ProviderConfig] | None:
    """What was kept, while it is new and the provider still there."""
    kept = request.session.get(_KEY)
    if not isinstance(kept, dict) or kept["until"] < time.time():
        return None
    asserted = Asserted(**{**kept["said"], "scopes": frozenset(kept["said"]["scopes"])})
    config = provider_of(asserted.issuer)
    return None if config is None else (asserted, config)


def end_application(request: HttpRequest) -> None:
    """It was sent."""
    request.session.pop(_KEY, None)
