"""The journal in the navigation."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from iocmarket.accounts.models import Member
from iocmarket.accounts.roles import Capability
from iocmarket.web.navigation import Group, NavItem, navigation


def _reads(request: HttpRequest) -> bool:
    member = getattr(request, "user", None)
    return isinstance(member, Member) and (
        member.may(Capability.TRAIL_READ) or member.may(Capability.COMMUNITY_TRAIL_READ)
    )


def register() -> None:
    """Called once, when the app is ready."""
    navigation.register(
        NavItem(
            key="journal", label=_("Journal"), url_name="journal", icon="journal", order=70, group=Group.COMMUNITY,
            shortcut="j", visible=_reads,
        )
    )  # fmt: skip
