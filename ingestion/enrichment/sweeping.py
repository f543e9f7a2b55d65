"""The sweeper: finds what no message told us to enrich. The database row is the truth, messages are hints.

It walks by id behind a position that is kept, so that a sweep costs what is new and not what exists; a new data set
starts the walk again. Ids are drawn before they are committed, hence the position stays behind anything younger than
an hour: no transaction of the program lasts as long.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction

from ingestion.enrichment.enrichers.base import Enricher, enrichers
from ingestion.enrichment.models import SweepPosition
from ingestion.enrichment.policy import PapClass
from ingestion.enrichment.services import CHUNK, enrich_indicators, lacking
from iocmarket.indicators.models import Indicator
from iocmarket.kernel import clock

SETTLED = timedelta(hours=1)
# Chunks of one sweep: it ends within the minute after which the next one starts, and the rest is done then.
TURNS = 20


def sweep() -> int:
    """Enrich what lacks local facts, every local enricher in turn. Returns how many indicators were done."""
    done = 0
    for enricher in enrichers:
        if enricher.pap_class is PapClass.LOCAL:
            for _ in range(TURNS):
                found = _turn(enricher)
                done += found
                if found < CHUNK:
                    break
    return done


@transaction.atomic
def _turn(enricher: Enricher) -> int:
    version = enricher.dataset_version()
    SweepPosition.objects.get_or_create(enricher=enricher.name, defaults={"dataset_version": version})
    position = SweepPosition.objects.select_for_update(skip_locked=True).filter(enricher=enricher.name).first()
    if position is None:
        return 0  # another sweeper is at it
    if position.dataset_version != version:
        position.dataset_version, position.done_up_to = version, 0
    missing = lacking(enricher, version).filter(pk__gt=position.done_up_to)
    ids = list(missing.values_list("pk", flat=True)[:CHUNK])
    enrich_indicators(ids)
    settled = _last_settled()
    position.done_up_to = max(position.done_up_to, min(ids[-1], settled) if len(ids) == CHUNK else settled)
    position.save()
    return len(ids)


def _last_settled() -> int:
    """The highest id that is old enough for every lower one to be committed; 0 when there is none."""
    old = Indicator.unscoped.filter(created_at__lt=clock.now() - SETTLED)
    return old.order_by("-pk").values_list("pk", flat=True).first() or 0
