"""Rotation: a new secret for the same machine, while the old one goes on working until a chosen moment."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from iocmarket.accounts.models import Member, Token
from iocmarket.accounts.services import NewToken, create_token
from iocmarket.audit.services import Actor, record
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.marking import TLP

OVERLAP_MAX = timedelta(days=7)
"""For how long at most two secrets open the same."""


@transaction.atomic
def rotate_token(token: Token, *, overlap: timedelta, made_by: Member | None, actor: Actor) -> NewToken:
    """Make the successor of a token: it may do the same, from the same networks, for as long as the first was made for.

    The old one works until the overlap is over, or until its own expiry if that is earlier; without an overlap it opens
    nothing from its next request on. Raises Refusal: `not_open` (revoked, expired), `already_rotated`, `bad_overlap`.
    """
    if not timedelta(0) <= overlap <= OVERLAP_MAX:
        raise Refusal("bad_overlap", f"the old secret works for {OVERLAP_MAX.days} days more at most")
    moment = clock.now()
    held = Token.objects.select_for_update(of=("self",)).select_related("institution").get(pk=token.pk)
    if not held.is_usable(moment):
        raise Refusal("not_open", "the token is revoked or expired: make a new one")
    if held.replaced_by_id is not None:
        raise Refusal("already_rotated", "the token has a successor already")
    made = create_token(
        institution=held.institution,
        name=held.name,
        scopes=held.scopes,
        made_by=made_by,
        actor=actor,
        tlp_ceiling=TLP(held.tlp_ceiling),
        operated_by=held.operated_by,
        expires_at=_expiry(held, moment),
        tool=held.tool,
        networks=held.networks,
        feed=held.feed,
    )
    _end(held, made.token, moment, overlap)
    record(
        "token.rotated", actor=actor, subject_type="token", subject_id=held.public_id,
        details={"replaced_by": str(made.token.public_id), "until": held.expires_at and held.expires_at.isoformat()},
    )  # fmt: skip
    return made


def _expiry(held: Token, moment: datetime) -> datetime | None:
    """As far away from now as it was when the old one was made."""
    return None if held.expires_at is None else moment + (held.expires_at - held.created_at)


def _end(held: Token, successor: Token, moment: datetime, overlap: timedelta) -> None:
    until = moment + overlap
    held.replaced_by = successor
    held.expires_at = until if held.expires_at is None else min(held.expires_at, until)
    if not overlap:
        held.revoked_at = moment
    held.save(update_fields=["replaced_by", "expires_at", "revoked_at"])
