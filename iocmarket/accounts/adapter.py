"""Where django-allauth meets our members, letters and addresses."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.account.utils import has_verified_email
from allauth.core.exceptions import ReauthenticationRequired
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.http import HttpRequest
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils.crypto import get_random_string

from iocmarket.accounts.languages import language_here, learn_language
from iocmarket.accounts.letters import letter_for
from iocmarket.accounts.models import Member
from iocmarket.accounts.reauthentication import is_fresh
from iocmarket.audit.services import Actor, record
from iocmarket.vetting.applying import address_confirmed
from iocmarket.web.client import client_address
from iocmarket.web.mails import send_mail_later

NOWHERE = "0.0.0.0"  # noqa: S104 (an address to count, not to listen on)
"""The client of a proxy that names nobody: all of those share one count."""


class MemberAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """An account made by sign-up is an applicant: it is logged in only to be told to wait."""

    def get_signup_redirect_url(self, request: HttpRequest) -> str:
        """The waiting page."""
        del request
        return reverse("waiting")

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Home for members, the waiting page for everybody else."""
        member = request.user
        if isinstance(member, Member) and member.is_approved:
            return str(resolve_url("home"))
        return reverse("waiting")

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """The person's own page."""
        del request
        return reverse("account")

    def populate_username(self, request: HttpRequest, user: Member) -> None:
        """Members have no user name."""

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """The address is the person's: an application is seen from now on."""
        confirmed = bool(super().confirm_email(request, email_address))
        if confirmed:
            address_confirmed(email_address.user)
        return confirmed

    def login(self, request: HttpRequest, user: Member) -> None:
        """Log in, keeping the moment of the visit before this one, and the trace of the act."""
        if has_verified_email(user):
            address_confirmed(user)  # an address may be confirmed in other ways than by the link
        with transaction.atomic():
            Member.objects.filter(pk=user.pk).update(previous_visit_at=user.last_login)
            actor = Actor(member_id=user.pk, institution_id=user.institution_id)
            learn_language(user)
            record("member.logged_in", actor=actor, subject_type="member", subject_id=user.public_id, details={})
        super().login(request, user)

    def get_client_ip(self, request: HttpRequest) -> str:
        """The client behind proxies that are trusted: what log-in attempts are counted by."""
        return client_address(request) or NOWHERE

    def is_reauthentication_required(self, *, app: str, **_: Any) -> bool:
        """A recent log-in is a proof as good as one that was asked for.

        Raises ReauthenticationRequired itself: told that a proof is required, the library still lets everybody pass
        who has neither password nor factor.
        """
        del app
        if self.request is None or not is_fresh(self.request):
            raise ReauthenticationRequired
        return False

    def get_reauthentication_methods(self, user: Member | AnonymousUser) -> list[dict[str, Any]]:
        """The library's, and a new log-in at the provider. Never none for a member: that page says what is left."""
        found: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        if isinstance(user, Member) and (not found or SocialAccount.objects.filter(user=user).exists()):
            found.append({"id": "provider", "description": "provider", "url": reverse("sso-again")})
        return found

    def get_login_stages(self) -> list[str]:
        """The library's; the second factor is asked for by our rule."""
        ours = {"allauth.mfa.stages.AuthenticateStage": "iocmarket.sso.assurance.OwnFactor"}
        return [ours.get(stage, stage) for stage in super().get_login_stages()]

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """One of our letters in the person's language, else that of this page; sent by the worker: the answer takes as
        long for a known address as for one that nobody has."""
        name, told = letter_for(template_prefix, context)
        person = context.get("user")
        send_mail_later(name, email, told, person.language if isinstance(person, Member) else language_here())

    def send_account_already_exists_mail(self, email: str) -> None:
        """An application with an address that is taken takes as long as one that is new."""
        make_password(get_random_string(20))
        super().send_account_already_exists_mail(email)

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        """Under the address that the operator gave, whatever the request says of its host."""
        del request
        return settings.PUBLIC_URL + reverse("account_confirm_email", args=[emailconfirmation.key])

    def get_reset_password_from_key_url(self, key: str) -> str:
        """As above."""
        uid, _, rest = key.partition("-")
        return settings.PUBLIC_URL + reverse("account_reset_password_from_key", args=[uid, rest])
