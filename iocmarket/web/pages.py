"""The pages at the foot: help, accessibility, status, description of the API."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from iocmarket.api.health import holding
from iocmarket.kernel.marking import PAP, TLP
from iocmarket.web.apidocs import api_docs


def frame_for(request: HttpRequest) -> str:
    """The members' shell for members, the public frame for everybody else."""
    return "base.html" if getattr(request.user, "is_approved", False) else "base_public.html"


@require_GET
def help_page(request: HttpRequest) -> HttpResponse:
    """Five minutes: share, look up, connect; what the markings allow; the keyboard."""
    context = {
        "frame": frame_for(request),
        "tlps": [level for level in TLP if level < TLP.RED],
        "paps": list(PAP),
        "threshold": settings.SCORE_THRESHOLD,
    }
    return render(request, "foot/help.html", context)


@require_GET
def accessibility(request: HttpRequest) -> HttpResponse:
    """The declaration that the RGAA asks for."""
    return render(request, "foot/accessibility.html", {"frame": frame_for(request)})


@login_required
@require_GET
def status(request: HttpRequest) -> HttpResponse:
    """Whether the platform works, part by part, as yes or no."""
    facts = holding()
    return render(request, "foot/status.html", {"facts": facts, "works": all(facts.values())})


@require_GET
def api(request: HttpRequest) -> HttpResponse:
    """Every operation of the API."""
    context = {"frame": frame_for(request), "docs": api_docs(), "url": settings.PUBLIC_URL}
    return render(request, "foot/api.html", context)
