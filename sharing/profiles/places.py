"""Where profiles are met elsewhere: in the navigation, and by feed keys that open them."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from iocmarket.accounts.feed_keys import KnownFeed, feeds
from iocmarket.web.navigation import NavItem, navigation
from sharing.profiles.models import FeedProfile
from sharing.profiles.services import KEYED, file_of


def _known(institution_id: int) -> list[KnownFeed]:
    found = FeedProfile.objects.filter(institution_id=institution_id).order_by("name")
    return [KnownFeed(f"{KEYED}{profile.name}", file_of(profile).partition(".")[2]) for profile in found]


def register() -> None:
    """Called once, when the app is ready."""
    navigation.register(
        NavItem(key="tools", label=_("Feeds"), url_name="tools", icon="feed", order=35, shortcut="f", also=("tool",))
    )
    feeds.register(_known)
