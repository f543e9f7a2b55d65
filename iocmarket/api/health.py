"""`/healthz`: this process answers. `/readyz`: the platform works; why not is told on loopback alone."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta

import redis
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from iocmarket.audit.sealing import is_behind
from iocmarket.kernel import clock
from iocmarket.publication.models import Outbox

LOOPBACK = {"127.0.0.1", "::1", ""}  # empty: a unix socket
OUTBOX_PATIENCE = timedelta(seconds=30)
SEAL_PATIENCE = timedelta(minutes=1)
"""An event is sealed within a second of its commit; but its moment is that of the act, which may take its time."""
logger = logging.getLogger(__name__)


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The process."""
    del request
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Database, Redis, publisher, worker and sealer."""
    found = holding()
    status = 200 if all(found.values()) else 503
    if request.META.get("REMOTE_ADDR", "") in LOOPBACK and "HTTP_X_FORWARDED_FOR" not in request.META:
        return JsonResponse({"ready": status == 200, "checks": found}, status=status)
    return HttpResponse("yes\n" if status == 200 else "no\n", status=status, content_type="text/plain")


def holding() -> dict[str, bool]:
    """What works, part by part."""
    return {name: _holds(check) for name, check in CHECKS.items()}


def _holds(check: Callable[[], bool]) -> bool:
    try:
        return check()
    except (DatabaseError, redis.RedisError):
        logger.exception("not ready")
        return False


def _database() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return bool(cursor.fetchone() == (1,))


def _redis() -> bool:
    cache.set("ready", 1, timeout=5)
    return bool(cache.get("ready") == 1)


def _publication() -> bool:
    waiting = Outbox.objects.filter(lane=Outbox.Lane.NOW, created_at__lt=clock.now() - OUTBOX_PATIENCE)
    return cache.get("heartbeat:publisher") is not None and not waiting.exists()


def _worker() -> bool:
    return cache.get("heartbeat:worker") is not None


def _sealer() -> bool:
    return cache.get("heartbeat:sealer") is not None and not is_behind(SEAL_PATIENCE)


CHECKS: dict[str, Callable[[], bool]] = {
    "database": _database,
    "redis": _redis,
    "publication": _publication,
    "worker": _worker,
    "sealer": _sealer,
}
