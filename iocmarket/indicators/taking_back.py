"""Taking back everything that one act of sending said: chunk by chunk, each a transaction that is told at once."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet

from iocmarket.accounts.viewer import Viewer
from iocmarket.audit.services import Actor, record
from iocmarket.indicators.locks import hold_institution
from iocmarket.indicators.models import Contribution
from iocmarket.indicators.visibility import may_withdraw
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal
from iocmarket.publication.audiences import audiences_of
from iocmarket.publication.outbox import announce

CHUNK = 2000


def withdraw_all(said: QuerySet[Contribution], *, viewer: Viewer, why: str) -> int:
    """Take back what still stands of these statements of the viewer's institution; how many.

    Stopped half-way and called again it goes on with the rest. Raises Refusal with the reason of `may_withdraw`, before
    anything of that chunk is taken back.
    """
    total = 0
    while count := _chunk(said, viewer, why):
        total += count
    return total


@transaction.atomic
def _chunk(said: QuerySet[Contribution], viewer: Viewer, why: str) -> int:
    hold_institution(viewer.institution_id)
    rows = list(said.filter(withdrawn_at__isnull=True).order_by("indicator_id", "pk")[:CHUNK])
    for row in rows:
        if not (allowed := may_withdraw(row, viewer)):
            raise Refusal(allowed.reason, "only the institution that shared it, with the right to write, changes it")
    if not rows:
        return 0
    Contribution.unscoped.filter(pk__in=[row.pk for row in rows]).update(withdrawn_at=clock.now())
    told: dict[int, frozenset[str]] = {}
    for row in rows:
        told[row.indicator_id] = told.get(row.indicator_id, frozenset()) | frozenset(audiences_of(row))
    announce(told)
    record(
        "contribution.withdrawn", actor=Actor.of(viewer), subject_type="submission", subject_id=rows[0].submission,
        details={"count": len(rows), "why": why},
    )  # fmt: skip
    return len(rows)
