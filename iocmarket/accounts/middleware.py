"""Pages are for approved members: everybody else is sent to log in, or told to wait."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from iocmarket.accounts.models import Member

# The log-in, preferences of this browser, pages for everybody, the page about the API and the API, which decides for
# itself: no rule about who is let in further closes these.
FOR_EVERYBODY = (
    "/static/", "/accounts/", "/preferences/", "/help", "/accessibility", "/charter", "/api/", "/healthz", "/readyz",
)  # fmt: skip
# And machine exits (which never look at a session alone), one's own data, and the way in.
OPEN = (*FOR_EVERYBODY, "/taxii2", "/feeds", "/public/", "/invitation", "/privacy", "/account/data", "/evidence/keys")


class ApprovedMembersOnly:
    """Lets a logged-in person who is not (or no longer) approved see the waiting page and the log-out, nothing else.

    The rule is here and not in each view so that a page added later is closed without anyone thinking of it. Views of
    machines authenticate by themselves (REST framework) and never look at the session alone.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass on, or answer with the waiting page."""
        member = request.user
        if isinstance(member, Member) and not member.is_approved and not _is_open(request):
            return redirect("waiting")
        return self._get_response(request)


def _is_open(request: HttpRequest) -> bool:
    waiting = reverse("waiting")
    return request.path.startswith((*OPEN, f"{waiting}/")) or request.path == waiting
