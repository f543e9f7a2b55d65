"""Suspending an institution and letting it back in: at its next request it is out everywhere, or in again.

Nothing that it said is touched: others go on reading it. What it may read is lost at once, sessions, tokens and feed
keys included, because every exit asks for the institution's state.
"""

from __future__ import annotations

from django.db import transaction

from iocmarket.accounts.models import Institution
from iocmarket.accounts.people import keep_an_administrator
from iocmarket.audit.services import Actor, record
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal


@transaction.atomic
def suspend_institution(institution: Institution, *, reason: str, actor: Actor) -> Institution:
    """Take an approved institution out for the time being.

    Raises Refusal: `not_approved`, `reason_required`, `last_administrator` (nobody would be left to let it in again).
    """
    keep_an_administrator(institution)
    if not reason.strip():
        raise Refusal("reason_required", "a suspension needs a reason: the institution will read it")
    return _move(institution, Institution.State.APPROVED, Institution.State.SUSPENDED, "not_approved", reason, actor)


@transaction.atomic
def reinstate_institution(institution: Institution, *, reason: str = "", actor: Actor) -> Institution:
    """Let a suspended institution in again, with the views that it had. Raises Refusal(`not_suspended`).

    It counts as approved from now on: what was withdrawn before, also while it was out, is never told to it.
    """
    return _move(institution, Institution.State.SUSPENDED, Institution.State.APPROVED, "not_suspended", reason, actor)


def _move(
    institution: Institution,
    before: Institution.State,
    after: Institution.State,
    refusal: str,
    reason: str,
    actor: Actor,
) -> Institution:
    held = Institution.objects.select_for_update().get(pk=institution.pk)
    if held.state != before:
        raise Refusal(refusal, f"{held.name} is {held.get_state_display()}")
    held.state = after
    if after == Institution.State.APPROVED:
        held.approved_at = clock.now()
        held.read_only_since = held.reminded_days = None  # who lets it in has spoken with it: a new period begins
    held.save(update_fields=["state", "approved_at", "read_only_since", "reminded_days"])
    record(
        f"institution.{after.value}", actor=actor, subject_type="institution", subject_id=held.public_id,
        details={"reason": reason.strip()},
    )  # fmt: skip
    return held
