"""Telling owners of their stolen accounts: the only writer of these rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

from django.db import transaction

from ingestion.stolen.models import StolenAccount
from ingestion.stolen.routing import Routed
from iocmarket.accounts.member_letters import write_to_managers
from iocmarket.accounts.models import Institution
from iocmarket.audit.services import Actor, record
from iocmarket.kernel import clock

BATCH = 1000


@transaction.atomic
def tell_owners(routed: Sequence[Routed], *, actor: Actor) -> int:
    """Keep each account for its owner, and write to the owner's managers once, without naming any; how many are new.

    An account that the owner was told of before is dated anew: several lists hold the same.
    """
    by_owner: defaultdict[int, list[Routed]] = defaultdict(list)
    for account in routed:
        by_owner[account.institution].append(account)
    new = 0
    for institution in Institution.objects.filter(pk__in=by_owner).order_by("pk"):
        made = _keep(institution, by_owner[institution.pk])
        new += made
        record(
            "accounts.told", actor=actor, subject_type="institution", subject_id=institution.public_id,
            details={"received": len(by_owner[institution.pk])},
        )  # fmt: skip
        if made:
            write_to_managers(institution, "accounts_stolen", {"count": made}, with_contact=True)
    return new


def _keep(institution: Institution, told: list[Routed]) -> int:
    moment = clock.now()
    made = 0
    for start in range(0, len(told), BATCH):
        batch = {(one.account, one.service): one for one in told[start : start + BATCH]}
        held = StolenAccount.objects.filter(institution=institution, account__in={account for account, _ in batch})
        known = {(row.account, row.service): row.pk for row in held if (row.account, row.service) in batch}
        StolenAccount.objects.filter(pk__in=known.values()).update(told_at=moment)
        fresh = [
            StolenAccount(
                institution=institution, account=one.account, service=one.service,
                stolen_on=date.fromisoformat(one.day) if one.day else None, told_at=moment,
            )
            for key, one in batch.items()
            if key not in known
        ]  # fmt: skip
        made += len(StolenAccount.objects.bulk_create(fresh))
    return made


@transaction.atomic
def settle(account: StolenAccount, *, actor: Actor) -> None:
    """Forget an account that its owner has dealt with."""
    record("account.settled", actor=actor, subject_type="stolen_account", subject_id=account.public_id, details={})
    account.delete()
