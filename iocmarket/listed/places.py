"""The page of warning lists in the navigation."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from iocmarket.accounts.models import Member
from iocmarket.accounts.roles import Capability
from iocmarket.web.navigation import Group, NavItem, navigation


def _manages(request: HttpRequest) -> bool:
    return isinstance(request.user, Member) and request.user.may(Capability.LISTS_MANAGE)


def register() -> None:
    """Called once, when the app is ready."""
    navigation.register(
        NavItem(
            key="warning-lists", label=_("Warning lists"), url_name="warning-lists", icon="shield", order=42,
            group=Group.COMMUNITY, also=("warning-list-",), visible=_manages,
        )
    )  # fmt: skip
