"""Letters to the managers: that a hook stands still until one of them has looked."""

from __future__ import annotations

from django.utils import translation

from iocmarket.accounts.member_letters import write_to
from iocmarket.accounts.people import managers_of
from sharing.push.models import Hook
from sharing.push.reasons import said


def tell_stopped(hook: Hook) -> None:
    """One letter to each of them, in the own language, once the transaction stands."""
    for manager in managers_of(hook.institution):
        with translation.override(manager.language or "fr"):
            why = said(hook.error)
        context = {"name": hook.name, "institution": hook.institution.name, "why": why, "number": hook.public_id}
        write_to(manager, "hook_stopped", context)
