"""Proving anew who is logged in, at the provider that one is connected to (accounts/reauthentication.py asks for it).

The provider is asked to log the person in again (OpenID Connect `prompt=login` and `max_age=0`; SAML `ForceAuthn`) and
believed only when it says that it did since then (`auth_time`, AuthnInstant). What the person was about to send is not
sent by coming back, which any page could cause: a button of ours sends it.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import record_authentication
from allauth.account.internal.flows.reauthentication import STATE_SESSION_KEY, resume_request
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from iocmarket.accounts.models import Member
from iocmarket.accounts.reauthentication import is_fresh
from iocmarket.kernel.decision import Refusal
from iocmarket.sso.asserted import Asserted
from iocmarket.sso.assurance import is_new_proof
from iocmarket.sso.config import ProviderConfig
from iocmarket.sso.onward import next_path
from iocmarket.sso.pages import refused
from iocmarket.sso.providers import providers
from iocmarket.sso.services import check_log_in


def connected(member: Member) -> list[ProviderConfig]:
    """The providers that can say anew that it is this person."""
    issuers = set(SocialAccount.objects.filter(user=member).values_list("provider", flat=True))
    return [one for one in providers() if one.issuer in issuers]


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def again(request: HttpRequest) -> HttpResponseBase:
    """The way to the provider; once back, the button that goes on with what was begun."""
    member = request.user
    if not isinstance(member, Member):
        raise Http404
    onward = next_path(request.POST if request.method == "POST" else request.GET)
    fresh = is_fresh(request)
    if request.method == "POST":
        if not fresh:
            return redirect(_here(onward))
        resumed: HttpResponseBase | None = resume_request(request)
        return resumed or redirect(onward or "account")
    if fresh and STATE_SESSION_KEY not in request.session:
        return redirect(onward or "account")
    context = {
        "fresh": fresh,
        "found": connected(member),
        "next": onward,
        "reauthentication_alternatives": [] if fresh else _other_ways(request, member, onward),
    }
    return render(request, "socialaccount/again.html", context)


def prove(request: HttpRequest, asserted: Asserted, config: ProviderConfig, state: dict[str, Any]) -> HttpResponse:
    """The provider has answered: keep the proof in the session, or say why it is none."""
    member = request.user
    try:
        check_proof(member if isinstance(member, Member) else None, asserted, config, begun_at=float(state["begun_at"]))
    except Refusal as refusal:
        return refused(request, refusal, config)
    record_authentication(request, member, "socialaccount", reauthenticated=True)
    return redirect(_here(state.get("next") or ""))


def check_proof(member: Member | None, asserted: Asserted, config: ProviderConfig, *, begun_at: float) -> None:
    """Raises Refusal: `another_person`, `proof_old`, and as `check_log_in` does."""
    theirs = SocialAccount.objects.filter(user=member, provider=asserted.issuer, uid=asserted.subject)
    if member is None or not theirs.exists():
        raise Refusal("another_person", "the provider named somebody else than who is logged in")
    check_log_in(member, asserted, config)
    if not is_new_proof(asserted, begun_at):
        raise Refusal("proof_old", "the provider did not say that it asked the person again")


def _other_ways(request: HttpRequest, member: Member, onward: str) -> list[dict[str, Any]]:
    here = reverse("sso-again")
    ways = [way for way in get_adapter(request).get_reauthentication_methods(member) if way["url"] != here]
    return [{**way, "url": _with_next(way["url"], onward)} for way in ways]


def _here(onward: str) -> str:
    return _with_next(reverse("sso-again"), onward)


def _with_next(url: str, onward: str) -> str:
    return f"{url}?{urlencode({'next': onward})}" if onward else url
