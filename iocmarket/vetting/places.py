"""The pages of vetting in the navigation."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from iocmarket.accounts.models import Member
from iocmarket.vetting.deciding import may_decide, waiting_for
from iocmarket.vetting.models import Vouch
from iocmarket.vetting.vouching import may_vouch, open_to
from iocmarket.web.navigation import Badge, Group, NavItem, navigation


def _decides(request: HttpRequest) -> bool:
    return isinstance(request.user, Member) and may_decide(request.user)


def _vouches(request: HttpRequest) -> bool:
    return isinstance(request.user, Member) and may_vouch(request.user)


def _waiting(request: HttpRequest) -> Badge | None:
    count = waiting_for(request.user).count() if isinstance(request.user, Member) else 0
    return Badge(count, _("waiting for an answer"), alert=True) if count else None


def _unvouched(request: HttpRequest) -> Badge | None:
    member = request.user
    if not isinstance(member, Member):
        return None
    given = Vouch.objects.filter(institution=member.institution, withdrawn_at__isnull=True)
    count = open_to(member).exclude(vouches__in=given).count()
    return Badge(count, _("to vouch for, if you know them")) if count else None


def _anybody(_request: HttpRequest) -> bool:
    return True


def register() -> None:
    """Called once, when the app is ready."""
    navigation.register(
        NavItem(
            key="applications",
            label=_("Applications"),
            url_name="applications",
            icon="people",
            order=20,
            group=Group.COMMUNITY,
            also=("application-", "vetting-"),
            visible=_decides,
            badge=_waiting,
        ),
        NavItem(
            key="candidates",
            label=_("Candidates"),
            url_name="candidates",
            icon="person",
            order=22,
            group=Group.COMMUNITY,
            also=("candidate-",),
            visible=_vouches,
            badge=_unvouched,
        ),
        NavItem(
            key="charter",
            label=_("Charter"),
            url_name="charter",
            icon="journal",
            order=15,
            group=Group.FOOT,
            also=("charter-",),
            visible=_anybody,
        ),
    )
