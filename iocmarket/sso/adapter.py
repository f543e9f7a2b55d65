"""Where django-allauth's log-in through providers meets our rules."""

from __future__ import annotations

from typing import Any, NoReturn

import requests
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin
from allauth.socialaccount.providers import registry
from allauth.socialaccount.providers.base import AuthProcess, Provider
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from iocmarket.accounts.models import Member
from iocmarket.accounts.reauthentication import is_fresh
from iocmarket.kernel.decision import Refusal
from iocmarket.outbound.session import session
from iocmarket.sso import services
from iocmarket.sso.applying import begin_application
from iocmarket.sso.asserted import Asserted
from iocmarket.sso.assurance import note
from iocmarket.sso.config import ProviderConfig
from iocmarket.sso.pages import refused
from iocmarket.sso.providers import provider_named, provider_of
from iocmarket.vetting.forms import say_before


class FederationAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Accounts are found by issuer and subject; everything that happens next was decided by services.py."""

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Refuse, or make sure that there is an account. Raises ImmediateHttpResponse with the reason on a page."""
        provider = sociallogin.provider
        asserted, config = provider.asserted, provider.config
        process = sociallogin.state.get("process")
        try:
            if process == AuthProcess.CONNECT:
                self._connect(request, asserted, config)
            elif sociallogin.is_existing:
                services.check_log_in(sociallogin.user, asserted, config)
            else:
                sociallogin.account = services.admit(asserted, config)
                sociallogin.user = sociallogin.account.user
        except Refusal as refusal:
            raise ImmediateHttpResponse(self._answer(request, refusal, sociallogin)) from refusal
        note(sociallogin.state, asserted)

    def _answer(self, request: HttpRequest, refusal: Refusal, sociallogin: SocialLogin) -> HttpResponse:
        """The reason; for somebody unknown whose institution is not in, the way to apply with what was said."""
        asserted, config = sociallogin.provider.asserted, sociallogin.provider.config
        if refusal.code == "institution_new":
            return begin_application(request, asserted, config)
        if refusal.code == "scope_unknown" and not sociallogin.is_existing:
            say_before(request, name=asserted.name, email=asserted.email, domains="\n".join(sorted(asserted.scopes)))
        return refused(request, refusal, config)

    def _connect(self, request: HttpRequest, asserted: Asserted, config: ProviderConfig) -> NoReturn:
        """Always ends here: the library's own way would write the whole row of the member back."""
        if not isinstance(request.user, Member) or not is_fresh(request):
            raise Refusal("not_fresh", "the proof of who is logged in is too old")
        services.connect(request.user, asserted, config)
        messages.success(request, _("From now on you can also log in through %(name)s.") % {"name": config.name})
        raise ImmediateHttpResponse(redirect("socialaccount_connections"))

    def authenticate_by_email(self, sociallogin: SocialLogin) -> None:
        """Never: an address that a provider asserts opens no account."""
        del sociallogin

    def is_email_verified(self, provider: Provider, email: str) -> bool:
        """What is verified is decided where the address is stored (services.admit)."""
        del provider, email
        return False

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """The library's own sign-up never happens: accounts are there before it is asked."""
        del request, sociallogin
        return False

    def get_connect_redirect_url(self, request: HttpRequest, socialaccount: SocialAccount) -> str:
        """The page of one's connections."""
        del request, socialaccount
        return reverse("socialaccount_connections")

    def get_provider(self, request: HttpRequest, provider: str, client_id: str | None = None) -> Provider:
        """The provider of an issuer, or of the name in our addresses. Raises SocialApp.DoesNotExist."""
        del client_id
        config = provider_of(provider) or provider_named(provider)
        if config is None:
            raise SocialApp.DoesNotExist
        return made_provider(request, config)

    def list_apps(self, request: HttpRequest, provider: str | None = None, client_id: str | None = None) -> list[Any]:
        """None: the library's table of providers is not used."""
        del request, provider, client_id
        return []

    def get_requests_session(self) -> requests.Session:
        """The one way out."""
        return session()

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """The library's letters are not ours: services write the act down, and the account page shows it."""


def made_provider(request: HttpRequest, config: ProviderConfig) -> Provider:
    """The library's object for a provider."""
    registry.load()
    app = SocialApp(
        provider=config.protocol.value, provider_id=config.issuer, name=config.name[:40], client_id=config.client_id
    )
    return registry.get_class(config.protocol.value)(request=request, app=app)
