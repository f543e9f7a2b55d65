"""Reminders fourteen and three days before: of tokens that expire, to whoever made one and to the managers; of the
agreements of partners that end, to the contact and to the administrators.

A token that has a successor expires as it was told to, and nobody is reminded.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.urls import reverse

from iocmarket.accounts.member_letters import write_to_each
from iocmarket.accounts.models import Institution, Member, Token
from iocmarket.accounts.people import administrators
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
        contact, people = _readers_of(token)
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


def _readers_of(token: Token) -> tuple[str, list[Member]]:
    """The address of a team, if any, and the people to whom a letter about a token goes: nobody outside of its
    institution, and nobody who is not let in any more.

    Of a partner: its contact, and the administrators, who make its tokens.
    """
    institution = token.institution
    if not institution.opens_to_tokens(clock.now()):
        return "", []
    if institution.kind == Institution.Kind.PARTNER:
        return institution.contact_email, administrators()
    people = Member.objects.filter(Q(role=Role.MANAGER) | Q(pk=token.made_by_id), institution=institution)
    return "", [person for person in people.select_related("institution") if person.is_approved]


def remind_of_agreements() -> int:
    """Write all letters about agreements that are due; for how many partners. Each is reminded of once at each time."""
    last = clock.now() + max(REMINDED_BEFORE)
    ending = Institution.objects.filter(
        kind=Institution.Kind.PARTNER, state=Institution.State.APPROVED, agreement_until__lte=last
    )
    return sum(_remind_of_agreement(pk) for pk in ending.order_by("pk").values_list("pk", flat=True))


@transaction.atomic
def _remind_of_agreement(pk: int) -> bool:
    partner, moment = Institution.objects.select_for_update().get(pk=pk), clock.now()
    until = partner.agreement_until
    if until is None or not partner.opens_to_tokens(moment):
        return False
    reached = min((before.days for before in REMINDED_BEFORE if until - moment <= before), default=None)
    if reached is None or (partner.reminded_days is not None and partner.reminded_days <= reached):
        return False
    partner.reminded_days = reached
    partner.save(update_fields=["reminded_days"])
    told = {"partner": partner.name, "until": until, "days": _days_until(until, moment), "page": _page_of(partner)}
    write_to_each(administrators(), "agreement_ending", told, also=partner.contact_email)
    return True


def _context(token: Token, moment: datetime) -> dict[str, object]:
    until = token.expires_at or moment
    return {
        "name": token.name,
        "hint": token.hint,
        "institution": token.institution.name,
        "until": until,
        "days": _days_until(until, moment),
        "partner": token.institution.kind == Institution.Kind.PARTNER,
        "page": _page_of(token.institution),
    }


def _days_until(until: datetime, moment: datetime) -> int:
    """Begun ones counted."""
    return max(1, -(-(until - moment) // timedelta(days=1)))


def _page_of(institution: Institution) -> str:
    """Where whoever may do something about its tokens does it."""
    if institution.kind == Institution.Kind.PARTNER:
        return f"{settings.PUBLIC_URL}{reverse('partner', args=[institution.public_id])}"
    return f"{settings.PUBLIC_URL}{reverse('tokens')}"
