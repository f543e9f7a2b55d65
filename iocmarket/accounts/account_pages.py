"""The person's own page: name, password, second factors, sessions; and the page of those who must set up a factor."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from iocmarket.accounts import second_factor, sessions
from iocmarket.accounts.browsers import browser_name
from iocmarket.accounts.forms import ProfileForm
from iocmarket.accounts.languages import choose_language, language_here
from iocmarket.accounts.models import Member
from iocmarket.accounts.reauthentication import fresh_login
from iocmarket.accounts.traces import note
from iocmarket.accounts.views import member_of
from iocmarket.web.preferences import PREFERENCES

LONGEST_NUMBER = 15
"""Digits that a row number may have."""


@login_required
@require_http_methods(["GET", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """Everything about one's own log-in. A POST changes the name and the language, nothing else."""
    member = member_of(request)
    initial = {"name": member.name, "language": member.language or language_here()}
    form = ProfileForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_valid():
        return _changed(request, member, form)
    context = {"form": form, **_factors(member), "sessions": _sessions(request, member)}
    return render(request, "account/own.html", context, status=422 if form.is_bound else 200)


@login_required
@require_GET
def second_factor_page(request: HttpRequest) -> HttpResponse:
    """Where somebody who needs a second factor is sent until there is one."""
    member = member_of(request)
    missing = second_factor.is_missing(member, request.session)
    context = {"missing": missing, "has_one": not missing and second_factor.is_protected(member, request.session)}
    return render(request, "account/second_factor.html", context)


@login_required
@require_GET
def factors(request: HttpRequest) -> HttpResponse:
    """Where the library sends people after a change of their factors: on their own page, or to what they wanted."""
    member = member_of(request)
    # Codes are shown with the first factor: who had to have one was on the way in when asked for it.
    came_in = request.GET.get("after") == "codes" and second_factor.must_have(member)
    return redirect("home" if came_in else "account")


@login_required
@require_POST
@fresh_login
def end_session(request: HttpRequest) -> HttpResponse:
    """End one of one's own sessions. Raises Http404 for any other."""
    said = request.POST.get("session", "")
    if not said.isdecimal() or len(said) > LONGEST_NUMBER or not sessions.end_session(member_of(request), int(said)):
        raise Http404
    messages.success(request, _("That browser is logged out."))
    return redirect("account")


@login_required
@require_POST
@fresh_login
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    """End all of one's own sessions but this one."""
    sessions.end_other_sessions(request, member_of(request))
    messages.success(request, _("Every other browser is logged out."))
    return redirect("account")


def _changed(request: HttpRequest, member: Member, form: ProfileForm) -> HttpResponse:
    """Keep both; the language holds at once, also in a browser in which another one was chosen."""
    name, language = form.cleaned_data["name"], form.cleaned_data["language"]
    if name != member.name:
        _rename(member, name)
    choose_language(member, language)
    response = redirect("account")
    PREFERENCES["language"].keep(response, language)
    with override(language):
        messages.success(request, _("Your changes are kept."))
    return response


@transaction.atomic
def _rename(member: Member, name: str) -> None:
    member.name = name
    member.save(update_fields=["name"])
    note("member.renamed", member)


def _factors(member: Member) -> dict[str, object]:
    """What the page says of passkeys, the app and the codes."""
    found = list(Authenticator.objects.filter(user=member).order_by("created_at"))
    kinds = Authenticator.Type
    codes = next((one for one in found if one.type == kinds.RECOVERY_CODES), None)
    return {
        "passkeys": [one for one in found if one.type == kinds.WEBAUTHN],
        "app": next((one for one in found if one.type == kinds.TOTP), None),
        "codes_left": len(codes.wrap().get_unused_codes()) if codes else None,
        "must_have": second_factor.must_have(member),
        "has_one": any(one.type in second_factor.FACTORS for one in found),
        "relaxed": settings.MFA_REQUIRED == "none",
    }


def _sessions(request: HttpRequest, member: Member) -> list[dict[str, object]]:
    here = request.session.session_key
    return [
        {"pk": one.pk, "browser": browser_name(one.user_agent), "ip": one.ip, "since": one.created_at,
         "here": one.session_key == here}
        for one in sessions.sessions_of(member)
    ]  # fmt: skip
