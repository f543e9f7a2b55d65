"""Whether the provider said that it asked for a second factor: kept in the session that this log-in began.

It counts for that session alone, and never for one that a password began: without it the rule of the role holds.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from iocmarket.accounts.second_factor import BY_PROVIDER

STATE_KEY = "second_factor"


def remember(sender: object, request: HttpRequest, **kwargs: Any) -> None:
    """Receiver of the library's log-in signal, after its last step."""
    del sender
    login = kwargs.get("sociallogin")
    request.session.pop(BY_PROVIDER, None)
    if login is not None and login.state.get(STATE_KEY) is True:
        request.session[BY_PROVIDER] = True
