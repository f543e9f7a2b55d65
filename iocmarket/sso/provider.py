"""The two kinds of providers, as django-allauth's registry finds them: it looks for a module of this name.

The library's own classes for these protocols are not used: they name accounts by a word of the configuration instead
of the issuer, take the ID token unsigned and the user info without comparing its subject.
"""

from __future__ import annotations

from typing import Any

from allauth.socialaccount.models import SocialAccount, SocialLogin
from allauth.socialaccount.providers.base import Provider, ProviderAccount
from django.http import HttpRequest
from django.urls import reverse

from iocmarket.accounts.models import Member
from iocmarket.sso.asserted import Asserted
from iocmarket.sso.config import Protocol, ProviderConfig
from iocmarket.sso.providers import provider_of


class FederationAccount(ProviderAccount):  # type: ignore[misc]
    """A connection, as lists show it: by the provider's name."""

    def to_str(self) -> str:
        """Never the subject or the address."""
        return str(self.account.get_provider().name)


class FederationProvider(Provider):  # type: ignore[misc]
    """What both have in common. `asserted` is there once a provider has spoken."""

    account_class = FederationAccount
    asserted: Asserted

    def __init__(self, request: HttpRequest, app: Any = None) -> None:
        super().__init__(request, app=app)
        config = provider_of(app.provider_id)
        if config is None:
            raise ValueError("the provider is not there")
        self.config: ProviderConfig = config
        self.name = config.name

    @property
    def sub_id(self) -> str:
        """What stands in `SocialAccount.provider`: the issuer."""
        return self.config.issuer

    def get_login_url(self, request: HttpRequest, **kwargs: Any) -> str:
        """Where a log-in begins, by POST."""
        del request, kwargs
        return reverse("sso-login", args=[self.config.slug])

    def serialize(self) -> dict[str, Any]:
        """For a session, while the log-in has steps to go."""
        return {"id": self.config.issuer}

    def sociallogin_from_response(self, request: HttpRequest, response: Asserted) -> SocialLogin:
        """The library's object for one log-in. Nothing that the provider said goes into it but who it is."""
        del request
        self.asserted = response
        said = sorted(response.scopes & set(self.config.scopes))
        account = SocialAccount(provider=response.issuer, uid=response.subject, extra_data={"scopes": said})
        user = Member()
        user.set_unusable_password()
        return SocialLogin(provider=self, user=user, account=account)


class OpenIDProvider(FederationProvider):
    """OpenID Connect."""

    id = Protocol.OIDC.value
    name = "OpenID Connect"


class SAMLProvider(FederationProvider):
    """SAML 2.0."""

    id = Protocol.SAML.value
    name = "SAML"


provider_classes = [OpenIDProvider, SAMLProvider]
