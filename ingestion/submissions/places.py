"""The page *Share* in the navigation."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from iocmarket.accounts.roles import SESSION_SCOPES, Scope
from iocmarket.web.navigation import NavItem, navigation


def _may_write(request: HttpRequest) -> bool:
    return Scope.INDICATORS_WRITE in SESSION_SCOPES.get(getattr(request.user, "role", ""), frozenset())


def register() -> None:
    """Called once, when the app is ready."""
    navigation.register(
        NavItem(
            key="share", label=_("Share"), url_name="share", icon="share", order=30, shortcut="p", visible=_may_write
        )
    )
