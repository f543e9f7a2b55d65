"""From what a provider said to the session: the library's own way, with its steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from allauth.socialaccount.helpers import complete_social_login
from django.http import HttpRequest, HttpResponseBase

from iocmarket.sso.adapter import made_provider
from iocmarket.sso.asserted import Asserted
from iocmarket.sso.config import ProviderConfig


def complete(
    request: HttpRequest, asserted: Asserted, config: ProviderConfig, state: Mapping[str, Any]
) -> HttpResponseBase:
    """Log in, connect or refuse, as adapter.py says."""
    login = made_provider(request, config).sociallogin_from_response(request, asserted)
    login.state = {"process": state["process"], "next": state.get("next") or None}
    response: HttpResponseBase = complete_social_login(request, login)
    return response
