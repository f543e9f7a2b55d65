"""Running enrichers and keeping what they find. The only writer of Enrichment."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from django.db import transaction
from django.db.models import Exists, Max, OuterRef, QuerySet

from ingestion.enrichment.enrichers.base import Enricher, Facts, enrichers
from ingestion.enrichment.models import Enrichment
from ingestion.enrichment.policy import PapClass, may_run
from iocmarket.indicators.models import Contribution, Indicator
from iocmarket.indicators.types.base import ioc_types
from iocmarket.kernel import clock
from iocmarket.kernel.marking import PAP, TLP, Marking

log = logging.getLogger(__name__)

CHUNK = 2000
# What decides when nobody says anything of a value any more: the strictest there is, so that nothing leaves.
UNMARKED = Marking(TLP.RED, PAP.RED)


def request_enrichment(indicator_ids: Iterable[int]) -> None:
    """Ask for local enrichment after the transaction commits. Never raises: without a broker the sweeper does it."""
    ids = sorted(set(indicator_ids))
    if ids:
        transaction.on_commit(partial(_hint, ids), robust=True)


def enrich_indicators(indicator_ids: Iterable[int], *, pap_class: PapClass = PapClass.LOCAL) -> int:
    """Run every enricher of that class that the markings permit; returns how many results were written.

    A result with unchanged data set is not asked for again. An enricher that fails on a value is logged without the
    value and gets another chance with the next data set.
    """
    written = 0
    for chunk in chunks(sorted(set(indicator_ids))):
        with transaction.atomic():
            for enricher in enrichers:
                if enricher.pap_class is pap_class:
                    written += _run(enricher, chunk)
    return written


def facts_of(indicator_ids: Iterable[int]) -> dict[int, dict[str, Facts]]:
    """Per indicator the facts by enricher, empty results left out; one query.

    The caller passes only indicators that its viewer sees: facts carry no marking of their own.
    """
    found: dict[int, dict[str, Facts]] = {}
    rows = Enrichment.objects.filter(indicator_id__in=list(indicator_ids)).exclude(data={})
    for indicator_id, name, data in rows.order_by("indicator_id", "enricher").values_list(
        "indicator_id", "enricher", "data"
    ):
        found.setdefault(indicator_id, {})[name] = data
    return found


def facts_now(indicator: Indicator) -> dict[str, Facts]:
    """The facts of one value that its viewer sees: the stored ones, and what local enrichers say where none are yet.

    A value that another institution keeps to itself may have been enriched long ago. Were stored facts all there is,
    whoever shares it next would see them at once, and could tell it from a value never seen.
    """
    found = dict(facts_of([indicator.pk]).get(indicator.pk, {}))
    for enricher in enrichers:
        local = enricher.pap_class is PapClass.LOCAL and enricher.accepts(indicator.type)
        if local and enricher.name not in found and (facts := _ask(enricher, indicator)):
            found[enricher.name] = facts
    return found


def chunks(ids: Sequence[int]) -> Iterator[list[int]]:
    """The ids in pieces of CHUNK."""
    for start in range(0, len(ids), CHUNK):
        yield list(ids[start : start + CHUNK])


def accepted_types(enricher: Enricher) -> list[str]:
    """The names of the registered types that an enricher accepts."""
    return [kind.name for kind in ioc_types if kind.traits & enricher.traits]


def lacking(enricher: Enricher, version: str) -> QuerySet[Indicator]:
    """The indicators of its types that have no result of that data set, by id."""
    done = Enrichment.objects.filter(indicator_id=OuterRef("pk"), enricher=enricher.name, dataset_version=version)
    return Indicator.unscoped.filter(~Exists(done), type__in=accepted_types(enricher)).order_by("pk")


def _hint(ids: Sequence[int]) -> None:
    from ingestion.enrichment.tasks import enrich  # noqa: PLC0415 (tasks import this module)

    try:
        for chunk in chunks(ids):
            enrich.delay(chunk)
    except Exception:  # noqa: BLE001 (a submission stands whatever the broker does; the sweeper enriches)
        log.warning("enrichment: the broker does not answer; the sweeper will enrich %d indicators", len(ids))


def _run(enricher: Enricher, ids: Sequence[int]) -> int:
    version = enricher.dataset_version()
    wanted = lacking(enricher, version).filter(pk__in=ids).only("pk", "public_id", "type", "value")
    markings = _strictest([indicator.pk for indicator in wanted]) if enricher.pap_class is not PapClass.LOCAL else {}
    rows = []
    for indicator in wanted:
        marking = markings.get(indicator.pk, UNMARKED)
        if may_run(enricher.pap_class, marking.pap, marking.tlp, processor=enricher.processor):
            facts = _ask(enricher, indicator)
            rows.append(
                Enrichment(
                    indicator=indicator,
                    enricher=enricher.name,
                    data=facts or {},
                    dataset_version=version,
                    created_at=clock.now(),
                )
            )
    Enrichment.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["indicator", "enricher"],
        update_fields=["data", "dataset_version", "created_at"],
    )
    return len(rows)


def _ask(enricher: Enricher, indicator: Indicator) -> Facts | None:
    try:
        return enricher.enrich(indicator.value, indicator.type)
    except Exception as error:  # noqa: BLE001 (a failing enricher is recorded, never fatal)
        # Only the kind of the error: its text may quote the value, and values enter no log.
        log.warning("enrichment: %s on %s: %s", enricher.name, indicator.public_id, type(error).__name__)
        return None


def _strictest(ids: Sequence[int]) -> dict[int, Marking]:
    """The strictest TLP and PAP over all statements that stand, also those that nobody asking may see."""
    rows = (
        Contribution.unscoped.filter(indicator_id__in=ids, withdrawn_at__isnull=True)
        .values("indicator_id")
        .annotate(tlp_max=Max("tlp"), pap_max=Max("pap"))
        .values_list("indicator_id", "tlp_max", "pap_max")
    )
    return {pk: Marking(TLP(tlp), PAP(pap)) for pk, tlp, pap in rows}
