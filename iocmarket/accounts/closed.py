"""Pages of django-allauth that the community does not offer.

A member's address says which institution vouches for the person, and is approved with the person. The page of allauth
would let anybody put an unverified address of somebody else in its place, before or after being approved.
"""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse


def not_offered(request: HttpRequest) -> HttpResponse:
    """Raises Http404, like any page that is not there."""
    del request
    raise Http404
