"""Who needs a second factor, who has one, and what is open to those who need one and have none: only its set-up.

The rule is a middleware so that a page added later is closed without anyone thinking of it; machine exits ask
`is_missing` where they take a session (authentication.py).
"""

from __future__ import annotations

from collections.abc import Callable

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from iocmarket.accounts.middleware import FOR_EVERYBODY
from iocmarket.accounts.models import Member
from iocmarket.accounts.roles import Role

# Recovery codes replace a factor that was lost; alone they are none.
FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
BY_PROVIDER = "second_factor_by_provider"
"""Where a session keeps that its provider asserted one (iocmarket/sso/assurance.py writes it)."""
# The charter comes before the second factor: were its acceptance closed, who owes both would be sent round in a circle.
OPEN = (*FOR_EVERYBODY, "/taxii2", "/feeds", "/invitation", "/account/charter")


def must_have(member: Member) -> bool:
    """Whether the setting MFA_REQUIRED asks it of this person."""
    if settings.MFA_REQUIRED == "all":
        return True
    powerful = member.is_administrator or member.role == Role.MANAGER
    return settings.MFA_REQUIRED == "managers" and powerful


def has_one(member: Member) -> bool:
    """Whether the person has an authenticator app or a passkey."""
    return bool(Authenticator.objects.filter(user=member, type__in=FACTORS).exists())


def is_missing(member: Member, session: SessionBase | None = None) -> bool:
    """Whether the person needs one and has none: then nothing of the community is open. One statement at most.

    A session that began through a provider which asserted a second factor has one.
    """
    return must_have(member) and not is_protected(member, session)


def is_protected(member: Member, session: SessionBase | None = None) -> bool:
    """Whether the person has one of the own, or this session began with one of a provider's."""
    return (session is not None and session.get(BY_PROVIDER) is True) or has_one(member)


class SecondFactorFirst:
    """Sends an approved person who needs a second factor and has none to the page where one is set up."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass on, or answer with the way to that page."""
        member = request.user
        if isinstance(member, Member) and member.is_approved and not _is_open(request) and _lacks_one(request):
            return redirect("second-factor")
        return self._get_response(request)


def _lacks_one(request: HttpRequest) -> bool:
    return isinstance(request.user, Member) and is_missing(request.user, request.session)


def _is_open(request: HttpRequest) -> bool:
    here = request.path.rstrip("/")
    return request.path.startswith(OPEN) or here in {reverse("second-factor"), reverse("waiting")}
