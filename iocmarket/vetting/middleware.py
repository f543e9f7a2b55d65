"""Whoever has not accepted the charter that holds is shown the charter first."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from iocmarket.accounts.authentication import secret_in
from iocmarket.accounts.middleware import FOR_EVERYBODY
from iocmarket.accounts.models import Member
from iocmarket.api import problems
from iocmarket.vetting.charters import owed_by

# Exits of machines: a session is told by a problem, a token has its own rule (TokenAuthentication).
MACHINES = ("/api/v", "/taxii2", "/feeds", "/misp")
# `/api/` that is none of MACHINES is the page about it.
OPEN = (*FOR_EVERYBODY, "/account/charter")


class CharterAccepted:
    """Sends members who owe an acceptance to the charter, which brings them back to the page they asked for."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass on, or answer with the way to the charter."""
        machine = request.path.startswith(MACHINES)
        if not machine and request.path.startswith(OPEN):
            return self._get_response(request)
        member = request.user
        if not isinstance(member, Member) or not member.is_approved or (machine and secret_in(request) is not None):
            return self._get_response(request)
        if owed_by(member) is None:
            return self._get_response(request)
        if machine:
            return problems.response(403, "charter_not_accepted", "accept the new charter first, at /charter")
        # The path alone: a query may hold a value that somebody looks up.
        asked = {"next": request.path} if request.method == "GET" and request.path != "/" else {}
        return redirect(f"{reverse('charter')}{'?' + urlencode(asked) if asked else ''}")
