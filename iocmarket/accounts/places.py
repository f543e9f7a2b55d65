"""The community's pages in the navigation."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from iocmarket.accounts.assets import to_verify
from iocmarket.accounts.circle_invitations import invitations_to
from iocmarket.accounts.models import Member
from iocmarket.accounts.recertifying import is_asked
from iocmarket.accounts.roles import Capability
from iocmarket.web.navigation import Badge, Group, NavItem, navigation


def _to_confirm(request: HttpRequest) -> Badge | None:
    """A reminder to managers while the confirmation of their institution is due."""
    member = request.user
    if not isinstance(member, Member) or member.institution is None or not member.may(Capability.CONFIRM):
        return None
    return Badge(1, _("contacts and assets to confirm"), alert=True) if is_asked(member.institution) else None


def _asked(request: HttpRequest) -> Badge | None:
    """Circles that the institution is asked into: its managers answer."""
    member = request.user
    if not isinstance(member, Member) or member.institution is None or not member.may(Capability.CIRCLES_MANAGE):
        return None
    count = invitations_to(member.institution).count()
    return Badge(count, _("invitations to answer"), alert=True) if count else None


def _is_administrator(request: HttpRequest) -> bool:
    return bool(getattr(request.user, "is_administrator", False))


def _unverified(request: HttpRequest) -> Badge | None:
    count = to_verify().count() if _is_administrator(request) else 0
    return Badge(count, _("waiting for an answer"), alert=True) if count else None


def _manages_partners(request: HttpRequest) -> bool:
    member = request.user
    return isinstance(member, Member) and member.may(Capability.PARTNERS_MANAGE)


def register() -> None:
    """Called once, when the app is ready."""
    navigation.register(
        NavItem(
            key="tokens", label=_("Tokens"), url_name="tokens", icon="key", order=40, also=("token-",), shortcut="t"
        ),
        NavItem(
            key="members",
            label=_("Members"),
            url_name="members",
            icon="building",
            order=10,
            group=Group.COMMUNITY,
            shortcut="m",
            also=("member-", "invite", "invitation-", "confirmation", "departure", "institution"),
            badge=_to_confirm,
        ),
        NavItem(
            key="circles", label=_("Circles"), url_name="circles", icon="circle", order=50, also=("circle",),
            shortcut="o", badge=_asked,
        ),
        NavItem(
            key="assets", label=_("Assets"), url_name="assets", icon="shield", order=60, also=("asset-check",),
            shortcut="b",
        ),
        NavItem(
            key="assets-queue", label=_("Assets to verify"), url_name="assets-queue", icon="check", order=25,
            group=Group.COMMUNITY, also=("asset-decide",), visible=_is_administrator, badge=_unverified,
        ),
        NavItem(
            key="partners",
            label=_("Partners and public"),
            url_name="partners",
            icon="send",
            order=40,
            group=Group.COMMUNITY,
            also=("partner",),
            visible=_manages_partners,
        ),
    )  # fmt: skip
