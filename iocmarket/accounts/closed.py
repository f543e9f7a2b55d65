"""Pages of django-allauth that the community does not offer.

A member's address says which institution vouches for the person, and is approved with the person. The page of allauth
would let anybody put an unverified address of somebody else in its place, before or after being approved. The others
are ways in that nobody asked for: a code by mail instead of the password, a password for whom a federation vouches,
recovery codes as a file, other names for passkeys.
"""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse

CLOSED = (
    "email/",
    "password/set/",
    "login/code/confirm/",
    "2fa/recovery-codes/download/",
    "2fa/webauthn/keys/<int:pk>/edit/",
)
"""Their paths below `accounts/`."""


def not_offered(request: HttpRequest, **_: object) -> HttpResponse:
    """Raises Http404, like any page that is not there."""
    del request
    raise Http404
