"""A part of a page of others: the buttons of the log-in page."""

from __future__ import annotations

from typing import Any

from django import template
from django.http import HttpRequest

from iocmarket.sso.choice import FEW
from iocmarket.sso.providers import providers

register = template.Library()


@register.inclusion_tag("socialaccount/buttons.html", takes_context=True)
def federation_buttons(context: dict[str, Any]) -> dict[str, Any]:
    """A button for each provider, or a search among many; nothing without any."""
    request: HttpRequest = context["request"]
    found = providers()
    return {
        "request": request,
        "csrf_token": context.get("csrf_token"),
        "found": found[: FEW + 1],
        "many": len(found) > FEW,
        "next": request.GET.get("next", ""),
    }
