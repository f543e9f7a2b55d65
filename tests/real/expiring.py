"""A hundred thousand values that end at one moment, written into a running instance: called through its own shell."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.db import connection, transaction

from bench.filling import fill
from iocmarket.accounts.models import Institution
from iocmarket.accounts.services import create_token
from iocmarket.audit.services import PLATFORM
from iocmarket.kernel import clock

_END_ALL = (
    "UPDATE indicators_contribution SET valid_until = %s, last_seen = greatest(last_seen, now() - interval '1 hour')",
    "UPDATE publication_entry SET due_at = %s WHERE state = 'live'",
)


def fill_with(count: int, *, names: Sequence[str]) -> None:
    """Publish so many values, stated by these institutions."""
    institutions = [Institution.objects.get(name=name) for name in names]
    fill(0, count, institutions=institutions, moment=clock.now())


def end_all(*, seconds: float) -> int:
    """Let every statement end in so many seconds; how many entries that is. The publisher notices by itself."""
    moment = clock.now() + timedelta(seconds=seconds)
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in _END_ALL:
            cursor.execute(statement, [moment])
        count: int = cursor.rowcount
        return count


def provider_token(name: str) -> str:
    """The secret of a new token that a provider operates: its ceiling needs views that do not exist yet."""
    return create_token(
        institution=Institution.objects.get(name=name), name="SOC", scopes=["indicators:read"], made_by=None,
        actor=PLATFORM, operated_by="provider",
    ).secret  # fmt: skip
