"""Which e-mail addresses are known to belong to their member. django-allauth keeps one row for each address."""

from __future__ import annotations

from allauth.account.models import EmailAddress

from iocmarket.accounts.models import Member


def mark_verified(member: Member) -> None:
    """The member's address is the member's own: a link sent to it was followed, or somebody vouched for it.

    Call it in the transaction of the act that showed it (an invitation accepted, a member made by an operator).
    """
    EmailAddress.objects.update_or_create(user=member, email=member.email, defaults={"verified": True, "primary": True})
