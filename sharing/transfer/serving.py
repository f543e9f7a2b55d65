"""What is served follows what is published: looked at every second, written and announced when it changed."""

from __future__ import annotations

import logging
import time
from datetime import datetime
from pathlib import Path

import redis
from django.conf import settings
from django.core.cache import cache
from django.db.models import Max

from iocmarket.kernel import clock
from iocmarket.publication.models import View
from sharing.transfer import zones
from sharing.transfer.configuration import Served
from sharing.transfer.nameserver import NameServer
from sharing.transfer.services import Subscriber, served

logger = logging.getLogger("iocmarket.transfer")
LOOK_EVERY = 5.0
"""Seconds between two looks at every zone, for what no publication announces: scores that sink, assets, reports of
false positives. A publication is looked at within a second."""
HEARTBEAT = "heartbeat:transfer"


def folder() -> Path:
    """Where the zones and the configuration lie."""
    return Path(settings.DATA_DIR) / "transfer"


class Serving:
    """The state between two turns."""

    def __init__(self, server: NameServer, place: Path) -> None:
        self._server, self._folder = server, place
        self._head: datetime | None = None
        self._known: frozenset[str] = frozenset()
        self._looked = float("-inf")

    def turn(self) -> int:
        """Write the zones that changed and have them served; how many there were."""
        subscribers = served(clock.now())
        written = self._write(subscribers) if self._due(subscribers) else 0
        there = [_told(one) for one in subscribers if zones.has_zone(self._folder, zones.label_of(one.transfer))]
        self._server.serve(there, zones_changed=bool(written))
        zones.forget(self._folder, {one.label for one in there})
        self._beat()
        return written

    def _due(self, subscribers: list[Subscriber]) -> bool:
        head = View.objects.aggregate(newest=Max("head"))["newest"]
        known = frozenset(zones.label_of(one.transfer) for one in subscribers)
        late = time.monotonic() - self._looked >= LOOK_EVERY
        due = late or head != self._head or known != self._known
        self._head, self._known = head, known
        return due

    def _write(self, subscribers: list[Subscriber]) -> int:
        self._looked = time.monotonic()
        changed = [one.transfer for one in subscribers if zones.refresh(one.transfer, self._folder)]
        for transfer in changed:
            logger.info("the zone of %s changed", transfer.public_id)
        return len(changed)

    @staticmethod
    def _beat() -> None:
        try:
            cache.set(HEARTBEAT, 1, timeout=60)
        except redis.RedisError:
            logger.warning("no heartbeat: Redis is not there")


def _told(one: Subscriber) -> Served:
    return Served(zones.label_of(one.transfer), one.keys, tuple(one.transfer.notify))
