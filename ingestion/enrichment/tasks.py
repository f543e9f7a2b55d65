"""The worker's side: one hint after a submission, one sweep a minute. Both may run twice or never without harm."""

from __future__ import annotations

from ingestion.enrichment import services, sweeping
from iocmarket.celery import app


@app.task(name="enrichment.enrich")
def enrich(indicator_ids: list[int]) -> int:
    """Enrich these now; what is already there is left alone."""
    return services.enrich_indicators(indicator_ids)


@app.task(name="enrichment.sweep")
def sweep() -> int:
    """Enrich what lacks facts, whether or not a hint arrived."""
    return sweeping.sweep()


# Seconds. The registration is here and not in the settings: the core names no task of the houses above it.
app.add_periodic_task(60.0, app.signature("enrichment.sweep"), name="enrichment.sweep")
