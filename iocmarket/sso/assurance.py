"""How much a provider's word proves: a second factor, and the moment at which it last asked the person.

Both are kept in the session that this log-in began and count for that session alone. One rule for the second factor:
it is asked for once, by the provider where the operator believes its word for it, else here.
"""

from __future__ import annotations

import time
from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.stages import AuthenticateStage
from django.http import HttpRequest

from iocmarket.accounts.reauthentication import LOGGED_IN_AT
from iocmarket.accounts.second_factor import BY_PROVIDER
from iocmarket.sso.asserted import Asserted

AGAIN = "again"
"""The process of somebody who is logged in and proves it anew; beside the library's own, `login` and `connect`."""
LEEWAY_SECONDS = 60
"""How far a provider's clock may be behind ours."""
_SECOND_FACTOR = "second_factor"
_AUTHENTICATED_AT = "authenticated_at"


def note(state: dict[str, Any], asserted: Asserted) -> None:
    """Write it into the state of a log-in, which lasts through all of its steps."""
    state[_SECOND_FACTOR] = asserted.second_factor
    state[_AUTHENTICATED_AT] = asserted.authenticated_at


def remember(sender: object, request: HttpRequest, **kwargs: Any) -> None:
    """Receiver of the library's log-in signal, after its last step.

    A provider may let a browser in without asking anybody: the log-in is as fresh as what it says of that, or as a
    factor that was given here.
    """
    del sender
    login = kwargs.get("sociallogin")
    request.session.pop(BY_PROVIDER, None)
    if login is None:
        return
    if login.state.get(_SECOND_FACTOR) is True:
        request.session[BY_PROVIDER] = True
    here = [one["at"] for one in get_authentication_records(request, kwargs["user"]) if one["method"] == "mfa"]
    request.session[LOGGED_IN_AT] = max([min(float(login.state.get(_AUTHENTICATED_AT) or 0), time.time()), *here])


def is_new_proof(asserted: Asserted, begun_at: float) -> bool:
    """Whether the provider asked the person since it was sent there. One that does not say when has not."""
    return begun_at - LEEWAY_SECONDS <= asserted.authenticated_at <= time.time() + LEEWAY_SECONDS


class OwnFactor(AuthenticateStage):  # type: ignore[misc]
    """The second step of a log-in, left out when the provider has done it."""

    def _should_handle(self, request: HttpRequest) -> bool:
        login = self.login.signal_kwargs.get("sociallogin") if self.login.signal_kwargs else None
        if login is not None and login.state.get(_SECOND_FACTOR) is True:
            return False
        return bool(super()._should_handle(request))
