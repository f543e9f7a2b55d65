"""The community's pages in the navigation."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from iocmarket.accounts.services import applicants
from iocmarket.web.navigation import Badge, Group, NavItem, navigation


def _is_administrator(request: HttpRequest) -> bool:
    return bool(getattr(request.user, "is_administrator", False))


def _waiting(request: HttpRequest) -> Badge | None:
    count = len(applicants()) if _is_administrator(request) else 0
    return Badge(count, _("waiting for an answer"), alert=True) if count else None


def register() -> None:
    """Called once, when the app is ready."""
    navigation.register(
        NavItem(
            key="tokens", label=_("Tokens"), url_name="tokens", icon="key", order=40, also=("token-",), shortcut="t"
        ),
        NavItem(
            key="applications",
            label=_("Applications"),
            url_name="applications",
            icon="people",
            order=20,
            group=Group.COMMUNITY,
            also=("application-",),
            visible=_is_administrator,
            badge=_waiting,
        ),
    )
