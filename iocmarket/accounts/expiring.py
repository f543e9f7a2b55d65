"""Reminders of tokens that expire: to whoever made one and to the managers, fourteen and three days before.

A token that has a successor expires as it was told to, and nobody is reminded.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q

from iocmarket.accounts.member_letters import write_to_each
from iocmarket.accounts.models import Institution, Member, Token
from iocmarket.accounts.roles import Role
from iocmarket.kernel import clock

REMINDED_BEFORE = (timedelta(days=14), timedelta(days=3))
CHUNK = 200


def remind() -> int:
    """Write all letters that are due; for how many tokens. Each token is reminded of once at each time."""
    reminded = 0
    while found := _remind_some():
        reminded += found
    return reminded


@transaction.atomic
def _remind_some() -> int:
    moment = clock.now()
    due = Token.objects.filter(_due(moment), revoked_at__isnull=True, replaced_by__isnull=True)
    locked = due.select_for_update(of=("self",), skip_locked=True).select_related("institution", "made_by")
    tokens = list(locked.order_by("pk")[:CHUNK])
    for token in tokens:
        contact, people = readers_of(token)
        write_to_each(people, "token_expiring", _context(token, moment), also=contact)
    Token.objects.filter(pk__in=[token.pk for token in tokens]).update(reminded_at=moment)
    return len(tokens)


def _due(moment: datetime) -> Q:
    """Within one of the times, and not reminded of since it began."""
    found = Q(pk__in=())
    for before in REMINDED_BEFORE:
        unsaid = Q(reminded_at__isnull=True) | Q(reminded_at__lt=F("expires_at") - before)
        found |= Q(expires_at__gt=moment, expires_at__lte=moment + before) & unsaid
    return found


def readers_of(token: Token) -> tuple[str, list[Member]]:
    """The address of a team, if any, and the people to whom a letter about a token goes: nobody outside of its
    institution, and nobody who is not let in any more.

    Of a partner: its contact, and the administrators, who make its tokens.
    """
    institution = token.institution
    if not institution.opens_to_tokens(clock.now()):
        return "", []
    if institution.kind == Institution.Kind.PARTNER:
        people = Member.objects.filter(is_administrator=True)
    else:
        people = Member.objects.filter(Q(role=Role.MANAGER) | Q(pk=token.made_by_id), institution=institution)
    contact = institution.contact_email if institution.kind == Institution.Kind.PARTNER else ""
    return contact, [person for person in people.select_related("institution") if person.is_approved]


def _context(token: Token, moment: datetime) -> dict[str, object]:
    until = token.expires_at or moment
    return {
        "name": token.name,
        "hint": token.hint,
        "institution": token.institution.name,
        "until": until,
        "days": max(1, -(-(until - moment) // timedelta(days=1))),
        "key": bool(token.feed),
    }
