"""The page of personal data at the foot."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from iocmarket.web.navigation import Group, NavItem, navigation


def _everyone(request: HttpRequest) -> bool:
    del request
    return True


def register() -> None:
    """Called once, when the app is ready."""
    navigation.register(
        NavItem(
            key="privacy", label=_("Personal data"), url_name="privacy", icon="lock", order=15, group=Group.FOOT,
            also=("own-data",), visible=_everyone,
        )
    )  # fmt: skip
