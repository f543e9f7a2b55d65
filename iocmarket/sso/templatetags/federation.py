"""Parts of pages of others: the buttons of the log-in page, and the people whom a provider brought."""

from __future__ import annotations

from typing import Any

from django import template
from django.http import HttpRequest

from iocmarket.accounts.models import Institution, Member
from iocmarket.accounts.roles import Capability, Role, roles_up_to
from iocmarket.sso.choice import FEW
from iocmarket.sso.providers import providers
from iocmarket.sso.services import pending_of

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


@register.inclusion_tag("socialaccount/pending.html", takes_context=True)
def federation_pending(context: dict[str, Any], institution: Institution | None) -> dict[str, Any]:
    """Those who wait, with what this reader may answer; nothing for somebody who may not."""
    member = context["request"].user
    shown = isinstance(member, Member) and institution is not None and member.may(Capability.MEMBERS_MANAGE)
    return {
        "csrf_token": context.get("csrf_token"),
        "waiting": list(pending_of(institution)) if shown and institution else [],
        "roles": roles_up_to(member.role) if shown else [],
        "usual": Role.CONTRIBUTOR,
    }
