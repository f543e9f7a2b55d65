"""Log-in through a provider, from the button to the session. Thin: oidc.py and saml.py read, services.py decides."""

from __future__ import annotations

import secrets
from typing import Any

from allauth.core.exceptions import ReauthenticationRequired
from allauth.socialaccount.providers.base import AuthProcess
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from iocmarket.accounts.reauthentication import is_fresh
from iocmarket.accounts.views import member_of
from iocmarket.sso import again, oidc, saml
from iocmarket.sso.asserted import Asserted
from iocmarket.sso.assurance import AGAIN
from iocmarket.sso.choice import found_among
from iocmarket.sso.completing import complete
from iocmarket.sso.config import Protocol, ProviderConfig
from iocmarket.sso.errors import NotTaken
from iocmarket.sso.onward import next_path
from iocmarket.sso.pages import leaving, not_taken
from iocmarket.sso.providers import provider_named, providers
from iocmarket.sso.saml_settings import metadata as our_metadata

ANSWER_BYTES = 256 * 1024
"""Of a SAML answer as it is sent; a signed one with attributes has about ten thousand."""
ANSWER_SECONDS = 120
"""Between an answer and the next request of the same browser."""


@never_cache
@require_GET
def choose(request: HttpRequest) -> HttpResponse:
    """The providers, and those whose name or domain has the words that are looked for."""
    asked = request.GET.get("q", "")[:200]
    context = {"found": found_among(providers(), asked), "asked": asked, "next": next_path(request.GET)}
    return render(request, "socialaccount/choose.html", context)


@require_POST
def begin(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Send the browser to the provider: to log in, to connect it to the account that is logged in, or to prove anew
    whose account that is."""
    config = provider_named(slug)
    if config is None:
        raise Http404
    process = AuthProcess.LOGIN
    if request.POST.get("process") == AuthProcess.CONNECT:
        process = AuthProcess.CONNECT
        member_of(request)
        if not is_fresh(request):
            raise ReauthenticationRequired
    elif request.POST.get("process") == AGAIN:
        process = AGAIN
        if config not in again.connected(member_of(request)):
            raise Http404
    way = saml if config.protocol == Protocol.SAML else oidc
    try:
        where = way.begin(request, config, process=process, next_url=next_path(request.POST))
    except NotTaken as error:
        return not_taken(request, error, config)
    return leaving(request, where, config)


@never_cache
@require_GET
def oidc_callback(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Back from an OpenID Connect provider."""
    config = provider_named(slug)
    if config is None or config.protocol != Protocol.OIDC:
        raise Http404
    try:
        asserted, state = oidc.finish(request, config)
    except NotTaken as error:
        return not_taken(request, error, config)
    return _complete(request, asserted, config, state)


@csrf_exempt  # it comes from the provider's page, without our cookies; what it says is bound to the session in the end
@require_POST
def saml_acs(request: HttpRequest) -> HttpResponseBase:
    """An answer of a SAML provider: put aside for the next request, which brings the cookies that this one lacks."""
    answer = request.POST.get("SAMLResponse", "")
    if not answer or len(answer) > ANSWER_BYTES:
        return not_taken(request, NotTaken("unreadable"), None)
    key = secrets.token_urlsafe(24)
    cache.set(f"sso.answer.{key}", answer, ANSWER_SECONDS)
    return redirect(f"{reverse('sso-saml-finish')}?answer={key}")


@never_cache
@require_GET
def saml_finish(request: HttpRequest) -> HttpResponseBase:
    """Read the answer that was put aside, once."""
    key = f"sso.answer.{request.GET.get('answer', '')[:64]}"
    answer = cache.get(key)
    cache.delete(key)
    if not isinstance(answer, str):
        return not_taken(request, NotTaken("no_answer"), None)
    try:
        asserted, config, state = saml.finish(request, answer)
    except NotTaken as error:
        return not_taken(request, error, None)
    return _complete(request, asserted, config, state)


@require_GET
def saml_metadata(request: HttpRequest) -> HttpResponse:
    """What a federation registers."""
    del request
    return HttpResponse(our_metadata(), content_type="application/samlmetadata+xml")


def _complete(
    request: HttpRequest, asserted: Asserted, config: ProviderConfig, state: dict[str, Any]
) -> HttpResponseBase:
    if state["process"] == AGAIN:
        return again.prove(request, asserted, config, state)
    return complete(request, asserted, config, state)
