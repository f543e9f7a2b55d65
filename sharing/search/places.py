"""The reading pages in the navigation, and where a value chip leads."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from iocmarket.web.navigation import NavItem, links, navigation


def register() -> None:
    """Called once, when the app is ready."""
    navigation.register(
        NavItem(key="home", label=_("What concerns me"), url_name="home", icon="home", order=10, shortcut="h"),
        NavItem(
            key="search",
            label=_("Search"),
            url_name="search",
            icon="search",
            order=20,
            shortcut="c",
            also=("indicator",),
        ),
    )
    links.register("indicator", "indicator")
