"""A proof of identity that is recent: asked for before acts that a borrowed session must not be able to do.

The middleware FreshLogin asks for it before anything is sent to the pages named in SENSITIVE, so that an act added
there is covered without anyone thinking of it; `@fresh_login` below `@login_required` does so for a view elsewhere.
Reading (GET) is never asked about. Somebody who logged in or proved it within ACCOUNT_REAUTHENTICATION_TIMEOUT
(seconds) passes; anybody else is asked for the password, a code, a passkey or a new log-in at the provider and then
comes back; what was being sent is sent then. A log-in through a provider is as old as the provider says of its own.
Machine exits refuse such acts of a session with 403 (permissions.py): a program cannot be asked.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Any, TypeVar

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.internal.flows.reauthentication import suspend_request
from allauth.core.exceptions import ReauthenticationRequired
from django.conf import settings
from django.contrib.auth import user_logged_in
from django.http import HttpRequest, HttpResponseBase
from rest_framework.permissions import SAFE_METHODS

from iocmarket.accounts.models import Member

LOGGED_IN_AT = "logged_in_at"
"""Where a session keeps the moment of its log-in, in seconds since 1970."""
SENSITIVE = (
    "/account/tokens",
    "/account/data",
    "/account/connections",
    "/members/",
    "/community/",
    "/assets/queue",
    "/webhooks",
    "/tools",
    "/transfers",
    "/subscriptions",
)
"""Where keys, people, roles, institutions, personal data, and what leaves the platform or comes in by itself are dealt
with."""
View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def fresh_login(view: View) -> View:
    """Decorator of a view. Raises ReauthenticationRequired, which allauth's middleware turns into the question."""

    @functools.wraps(view)
    def asked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method not in SAFE_METHODS and not is_fresh(request):
            raise ReauthenticationRequired
        return view(request, *args, **kwargs)

    return asked  # type: ignore[return-value]


class FreshLogin:
    """Asks before what is sent to the sensitive pages is done. Members alone: others pass, their pages decide."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass on."""
        return self._get_response(request)

    def process_view(self, request: HttpRequest, *_: object) -> HttpResponseBase | None:
        """The way to the question, or nothing: then the view runs."""
        member = request.user
        if request.method in SAFE_METHODS or not request.path.startswith(SENSITIVE):
            return None
        if not isinstance(member, Member) or not member.is_approved or is_fresh(request):
            return None
        first = get_adapter(request).get_reauthentication_methods(member)[0]
        answer: HttpResponseBase = suspend_request(request, first["url"])
        return answer


def is_fresh(request: HttpRequest) -> bool:
    """Whether the person behind this session showed recently who it is. For API views too: they refuse with 403."""
    member = request.user
    if not isinstance(member, Member):
        return False
    proofs = [record["at"] for record in get_authentication_records(request, member) if record.get("reauthenticated")]
    newest: float = max([*proofs, request.session.get(LOGGED_IN_AT, 0)])
    return time.time() - newest < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT


def note_log_in(sender: object, request: HttpRequest, user: Member, **kwargs: object) -> None:
    """Receiver of Django's signal: a log-in, with all of its steps, is a proof too."""
    del sender, user, kwargs
    request.session[LOGGED_IN_AT] = time.time()


def register() -> None:
    """Called once, when the app is ready."""
    user_logged_in.connect(note_log_in, dispatch_uid="note_log_in")
