"""Letters to the managers: that a subscription stands still until one of them has looked."""

from __future__ import annotations

from django.utils import translation

from ingestion.subscriptions.models import Subscription
from ingestion.subscriptions.reasons import said
from iocmarket.accounts.member_letters import write_to
from iocmarket.accounts.people import managers_of


def tell_stopped(subscription: Subscription, code: str) -> None:
    """One letter to each of them, in the own language, once the transaction stands."""
    for manager in managers_of(subscription.institution):
        with translation.override(manager.language or "fr"):
            context = {
                "name": subscription.name,
                "institution": subscription.institution.name,
                "why": said(code),
                "number": subscription.public_id,
            }
        write_to(manager, "subscription_stopped", context)
