"""Partners: outside organisations that read what the whole community is told, up to TLP:GREEN, under an agreement.

Nobody logs in for a partner, nothing is addressed to it and it says nothing: it has tokens that read, made by
administrators, until the agreement ends. The end needs no act: each request compares the moment.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from iocmarket.accounts.models import Institution, Token
from iocmarket.audit.services import Actor, record
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal

AGREEMENT_MAX = 2000
"""Characters (Institution.agreement)."""
NAME_MAX = 200


@transaction.atomic
def make_partner(*, name: str, agreement: str, until: datetime, contact_email: str, actor: Actor) -> Institution:
    """Add a partner. Raises Refusal: `bad_name`, `institution_exists`, `agreement_required`, `agreement_over`."""
    name = " ".join(name.split())
    if not name or len(name) > NAME_MAX or not name.isprintable():
        raise Refusal("bad_name", f"a partner has a name of at most {NAME_MAX} characters")
    if Institution.objects.filter(name__iexact=name).exists():
        raise Refusal("institution_exists", f"an institution named {name!r} exists already")
    moment = clock.now()
    partner = Institution.objects.create(
        name=name,
        kind=Institution.Kind.PARTNER,
        state=Institution.State.APPROVED,
        approved_at=moment,
        agreement=_agreed(agreement),
        agreement_until=_later(until, moment),
        contact_email=contact_email,
    )
    _record("partner.made", partner, actor)
    return partner


@transaction.atomic
def renew_agreement(partner: Institution, *, agreement: str, until: datetime, actor: Actor) -> Institution:
    """Write a new agreement, also with a partner whose last one is over: its tokens open again from now on.

    What was withdrawn while it read nothing is never told to it. Raises Refusal: `not_a_partner`,
    `agreement_required`, `agreement_over`.
    """
    held, moment = _held(partner), clock.now()
    if not held.opens_to_tokens(moment):
        held.approved_at = moment
    held.state, held.left_at = Institution.State.APPROVED, None
    held.agreement, held.agreement_until, held.reminded_days = _agreed(agreement), _later(until, moment), None
    held.save(update_fields=["state", "left_at", "agreement", "agreement_until", "approved_at", "reminded_days"])
    _record("partner.renewed", held, actor)
    return held


@transaction.atomic
def end_agreement(partner: Institution, *, actor: Actor) -> Institution:
    """End it now: its tokens are revoked and open nothing from their next request on. Raises Refusal: `not_a_partner`.

    Ending it twice changes nothing.
    """
    held, moment = _held(partner), clock.now()
    if held.state == Institution.State.LEFT:
        return held
    held.state = Institution.State.LEFT
    held.left_at = moment
    held.agreement_until = moment if held.agreement_until is None else min(held.agreement_until, moment)
    held.save(update_fields=["state", "left_at", "agreement_until"])
    Token.objects.filter(institution=held, revoked_at__isnull=True).update(revoked_at=moment)
    _record("partner.ended", held, actor)
    return held


def _held(partner: Institution) -> Institution:
    held = Institution.objects.select_for_update().get(pk=partner.pk)
    if held.kind != Institution.Kind.PARTNER:
        raise Refusal("not_a_partner", f"{held.name} is no partner")
    return held


def _agreed(text: str) -> str:
    text = text.strip()
    if not text:
        raise Refusal("agreement_required", "write what was agreed: others will have to know why the partner reads")
    if len(text) > AGREEMENT_MAX:
        raise Refusal("agreement_required", f"an agreement is told in at most {AGREEMENT_MAX} characters")
    return text


def _later(until: datetime, moment: datetime) -> datetime:
    if until <= moment:
        raise Refusal("agreement_over", "the end of the agreement lies in the past")
    return until


def _record(action: str, partner: Institution, actor: Actor) -> None:
    until = partner.agreement_until
    record(
        action, actor=actor, subject_type="institution", subject_id=partner.public_id,
        details={"until": until and until.isoformat()},
    )  # fmt: skip
