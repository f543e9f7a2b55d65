"""What is left to do once an institution has left or merged: a chunk at a time, however much it said (ADR 0047).

The act itself ends the membership and settles the first chunk; the worker does the rest. A chunk is one transaction,
and what is left of the rows tells where to go on: a worker that is killed leaves whole chunks behind it. What stands
for so long is told to nobody to whom it was not told before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from iocmarket.accounts.models import Institution
from iocmarket.audit.services import PLATFORM, record
from iocmarket.indicators import handing_over
from iocmarket.indicators.circulation import note_circulation
from iocmarket.indicators.locks import hold_institution
from iocmarket.indicators.models import Contribution, Settlement, Sighting
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.turns import BREATH, TURN_SECONDS, take_turn
from iocmarket.publication.audiences import EXTENT, audiences_of
from iocmarket.publication.models import Outbox
from iocmarket.publication.outbox import announce

CHUNK = 2000


def begin(institution: Institution, *, withdraw: bool = False) -> dict[str, int]:
    """Settle the first chunk, in the transaction of the act; the worker is asked for the rest. How many rows, by kind.

    `withdraw`: whatever an institution that leaves said is taken back, else what it said in circles alone.
    """
    settlement = Settlement.objects.create(institution=institution, withdraw=withdraw)
    left = CHUNK
    while taken := _chunk(settlement, left, Outbox.Lane.NOW):
        left -= taken
        if left <= 0:
            settlement.save(update_fields=["counts", "apart"])
            hint(settlement.pk)
            break
    else:
        settlement.delete()
    return dict(settlement.counts)


def refuse_unsettled(*institutions: Institution) -> None:
    """Raises Refusal(`not_settled`) while one of them still receives or gives up what was said."""
    concerned = Q(institution__in=institutions) | Q(institution__merged_into__in=institutions)
    if Settlement.objects.filter(concerned).exists():
        raise Refusal("not_settled", "what an institution said is still being handed over: try again in some minutes")


def hint(pk: int) -> None:
    """Ask the worker to go on, once the transaction stands; the sweeper finds what no hint reached."""
    from iocmarket.indicators.tasks import settle  # noqa: PLC0415 (tasks import this module)

    transaction.on_commit(partial(settle.delay, pk))


def unsettled() -> list[int]:
    """What goes on, oldest first."""
    return list(Settlement.objects.order_by("pk").values_list("pk", flat=True))


def work_on(pk: int, *, seconds: float = TURN_SECONDS) -> bool:
    """Go on with one for a turn. Whether there is more to do; not for us, when another worker has it."""
    return take_turn(partial(take_chunk, pk), seconds=seconds, rest=BREATH)


@transaction.atomic
def take_chunk(pk: int, *, limit: int = CHUNK) -> bool:
    """Settle one chunk; whether there may be another. The last one writes that it is done."""
    found = Settlement.objects.select_for_update(skip_locked=True, of=("self",)).filter(pk=pk)
    settlement = found.select_related("institution__merged_into").first()
    if settlement is None:
        return False
    if _chunk(settlement, limit, Outbox.Lane.LATER):
        settlement.save(update_fields=["counts", "apart"])
        return True
    record(
        "institution.settled", actor=PLATFORM, subject_type="institution",
        subject_id=settlement.institution.public_id, details={"counts": settlement.counts},
    )  # fmt: skip
    settlement.delete()
    return False


def _chunk(settlement: Settlement, limit: int, lane: Outbox.Lane) -> int:
    """The next rows of the first kind of which some are left; how many there were."""
    who = settlement.institution
    concerned = (who,) if who.merged_into is None else (who, who.merged_into)
    for pk in sorted(institution.pk for institution in concerned):
        hold_institution(pk)
    for name, rows in _kinds(settlement).items():
        if not (taken := list(rows.only("pk", "withdrawn_at", *EXTENT).order_by("pk")[:limit])):
            continue
        told = _told(taken)
        if who.merged_into is None:
            rows.filter(pk__in=[row.pk for row in taken]).update(withdrawn_at=clock.now())
        else:
            _add(told, handing_over.take(name, taken, settlement=settlement, target=who.merged_into))
            note_circulation(told)
        announce(told, lane=lane)
        settlement.counts[name] = settlement.counts.get(name, 0) + len(taken)
        return len(taken)
    return 0


def _kinds(settlement: Settlement) -> dict[str, QuerySet[Any]]:
    """What is left to do, by kind."""
    who = settlement.institution
    if who.merged_into is not None:
        return handing_over.rows_of(who)
    standing = Q(institution=who, withdrawn_at__isnull=True)
    if not settlement.withdraw:
        standing &= Q(circle__isnull=False)
    return {
        "statements": Contribution.unscoped.filter(standing),
        "sightings": Sighting.unscoped.filter(standing),
    }


def _told(rows: Iterable[Any]) -> dict[int, set[str]]:
    told: dict[int, set[str]] = defaultdict(set)
    _add(told, rows)
    return told


def _add(told: dict[int, set[str]], rows: Iterable[Any]) -> None:
    for row in rows:
        if row.withdrawn_at is None:
            told[row.indicator_id] |= audiences_of(row)
