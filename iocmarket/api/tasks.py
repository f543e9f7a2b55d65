"""The worker's sign of life."""

from __future__ import annotations

from celery.beat import Service
from celery.signals import beat_init
from django.core.cache import cache

from iocmarket.celery import app

BEAT_SECONDS = 10.0


@app.task(name="api.heartbeat")
def heartbeat() -> None:
    """Run by the worker, asked for by beat: together they prove that both live."""
    cache.set("heartbeat:worker", 1, timeout=60)


@beat_init.connect
def first_heartbeat(sender: Service, **kwargs: object) -> None:
    """Periodic tasks come first after their period: without this a start would be unready for as long."""
    del sender, kwargs
    heartbeat.delay()


app.add_periodic_task(BEAT_SECONDS, app.signature("api.heartbeat"), name="api.heartbeat")
