"""An institution that did not confirm itself in time may only read: what its people send is refused with the reason.

The rule is here and not in each page so that a page added later is closed without anyone thinking of it. Machines'
exits ask their scope, which is gone (viewer.py).
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from rest_framework.permissions import SAFE_METHODS

from iocmarket.accounts.models import Member

# The log-in, preferences, one's own account and the institution's people and keys (closing a hole must stay possible),
# a search of many values, and what asks for scopes by itself.
STILL_OPEN = (
    "/accounts/",
    "/account",
    "/preferences/",
    "/members",
    "/invitation",
    # Leaving and declining, and confirming what one owns, stay possible; circles.py refuses the rest.
    "/circles",
    "/assets",
    "/search",
    # What is sent elsewhere is read, and must be stoppable.
    "/webhooks",
    "/api/",
    "/taxii2",
    "/feeds",
)


class ReadOnlyInstitutions:
    """Refuses whatever would write in the name of such an institution."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass on, or answer 403 with the reason."""
        if request.method in SAFE_METHODS or request.path.startswith(STILL_OPEN):
            return self._get_response(request)
        member = request.user
        if isinstance(member, Member) and member.institution is not None and member.institution.is_read_only:
            return render(request, "errors/read_only.html", status=403)
        return self._get_response(request)
