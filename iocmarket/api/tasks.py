"""The worker's sign of life."""

from __future__ import annotations

from django.core.cache import cache

from iocmarket.celery import app

BEAT_SECONDS = 10.0


@app.task(name="api.heartbeat")
def heartbeat() -> None:
    """Run by the worker, asked for by beat: together they prove that both live."""
    cache.set("heartbeat:worker", 1, timeout=60)


app.add_periodic_task(BEAT_SECONDS, app.signature("api.heartbeat"), name="api.heartbeat")
