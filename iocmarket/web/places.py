"""The pages at the foot in the navigation."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from iocmarket.web.navigation import Group, NavItem, navigation


def _everyone(request: HttpRequest) -> bool:
    del request
    return True


def _members(request: HttpRequest) -> bool:
    return bool(getattr(getattr(request, "user", None), "is_approved", False))


def register() -> None:
    """Called once, when the app is ready."""
    navigation.register(
        NavItem(
            key="help", label=_("Help"), url_name="help", icon="help", order=90, group=Group.COMMUNITY, shortcut="a"
        ),
        NavItem(
            key="accessibility", label=_("Accessibility: partially conformant"), url_name="accessibility", icon="eye",
            order=10, group=Group.FOOT, visible=_everyone,
        ),
        NavItem(
            key="status", label=_("Status"), url_name="status", icon="check", order=20, group=Group.FOOT,
            visible=_members,
        ),
        NavItem(
            key="api-docs", label="API", url_name="api-docs", icon="file", order=30, group=Group.FOOT,
            visible=_everyone,
        ),
    )  # fmt: skip
