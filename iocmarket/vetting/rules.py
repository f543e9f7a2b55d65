"""The rules of vetting: how many vouches a new institution needs, how long tokens outlive a new charter."""

from __future__ import annotations

from django.db import transaction

from iocmarket.audit.services import Actor, record
from iocmarket.vetting.models import Rules

ONLY = 1


def current_rules() -> Rules:
    """What holds now; the defaults (two vouches, 30 days) until somebody has changed them."""
    return Rules.objects.filter(pk=ONLY).first() or Rules(pk=ONLY)


@transaction.atomic
def change_rules(*, vouches_needed: int, charter_grace_days: int, actor: Actor) -> Rules:
    """Change them; the form has checked both. Applications that wait are counted anew when they are read."""
    before = current_rules()
    rules = Rules(pk=ONLY, vouches_needed=vouches_needed, charter_grace_days=charter_grace_days)
    rules.save()
    record(
        "vetting.rules_changed", actor=actor, subject_type="rules",
        details={
            "vouches_needed": [before.vouches_needed, vouches_needed],
            "charter_grace_days": [before.charter_grace_days, charter_grace_days],
        },
    )  # fmt: skip
    return rules
