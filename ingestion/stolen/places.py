"""The page of stolen accounts in the navigation: for managers alone."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from ingestion.stolen.models import StolenAccount
from iocmarket.accounts.models import Member
from iocmarket.accounts.roles import Capability
from iocmarket.web.navigation import Badge, NavItem, navigation


def _manages(request: HttpRequest) -> bool:
    member = request.user
    return isinstance(member, Member) and member.institution is not None and member.may(Capability.MEMBERS_MANAGE)


def _waiting(request: HttpRequest) -> Badge | None:
    if not _manages(request) or not isinstance(request.user, Member):
        return None
    count = StolenAccount.objects.filter(institution=request.user.institution).count()
    return Badge(count, _("accounts to deal with"), alert=True) if count else None


def register() -> None:
    """Called once, when the app is ready."""
    navigation.register(
        NavItem(
            key="stolen-accounts", label=_("Stolen accounts"), url_name="stolen-accounts", icon="warn", order=65,
            visible=_manages, badge=_waiting,
        ),
    )  # fmt: skip
