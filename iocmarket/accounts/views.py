"""What pages of the community's own house share: who is behind a request, what they may do, and who acts."""

from __future__ import annotations

from django.http import Http404, HttpRequest

from iocmarket.accounts.models import Institution, Member
from iocmarket.accounts.roles import Capability
from iocmarket.audit.services import Actor


def member_of(request: HttpRequest) -> Member:
    """The approved member behind a page. Raises Http404 for anybody else: the middleware let only members through."""
    member = request.user
    if not isinstance(member, Member) or not member.is_approved or member.institution is None:
        raise Http404
    return member


def member_and_own(request: HttpRequest) -> tuple[Member, Institution]:
    """The approved member behind a page, and the own institution. Raises Http404 for anybody else."""
    member = member_of(request)
    if member.institution is None:
        raise Http404
    return member, member.institution


def require(member: Member, capability: Capability) -> None:
    """Raises Http404 for a member who may not do that: the page is none of theirs."""
    if not member.may(capability):
        raise Http404


def member_with(request: HttpRequest, capability: Capability) -> Member:
    """The member behind a page that takes this capability. Raises Http404 for everybody else."""
    member = member_of(request)
    require(member, capability)
    return member


def actor_of(member: Member) -> Actor:
    """The member as the author of an audit event."""
    return Actor(member_id=member.pk, institution_id=member.institution_id)
