"""What pages of the community's own house share: who is behind a request, and who acts."""

from __future__ import annotations

from django.http import Http404, HttpRequest

from iocmarket.accounts.models import Member
from iocmarket.audit.services import Actor


def member_of(request: HttpRequest) -> Member:
    """The approved member behind a page. Raises Http404 for anybody else: the middleware let only members through."""
    member = request.user
    if not isinstance(member, Member) or not member.is_approved or member.institution is None:
        raise Http404
    return member


def actor_of(member: Member) -> Actor:
    """The member as the author of an audit event."""
    return Actor(member_id=member.pk, institution_id=member.institution_id)
