"""`manage.py publish`: the publisher process."""

from __future__ import annotations

import gc
import logging
import select
import signal
import time
from argparse import ArgumentParser
from types import FrameType
from typing import Any

import redis
from django.core.cache import cache
from django.core.management.base import BaseCommand
from django.db import DatabaseError, InterfaceError, connection

from iocmarket.publication.outbox import CHANNEL
from iocmarket.publication.publisher import Pace, run_until_idle, turn

logger = logging.getLogger("iocmarket.publication")
POLL_SECONDS = 1.0
"""Between two looks for what nobody announces: expiry, and the views that a new key or circle needs."""
_MANY = 50_000
HEARTBEAT = "heartbeat:publisher"


class Command(BaseCommand):
    """Publishes announced changes as they are committed; woken by NOTIFY, and once a second in any case."""

    help = "Publish what was announced. Runs until SIGTERM; with --once, until nothing is left."
    _stopping = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The one option."""
        parser.add_argument("--once", action="store_true", help="publish what is waiting, then stop")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        del args
        if options["once"]:
            self.stdout.write(f"{run_until_idle()} versions written")
            return
        _collect_less()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        while not self._stopping:
            try:
                self._serve()
            except (DatabaseError, InterfaceError):
                # The database went away: what was not committed is still announced, so trying again loses nothing.
                logger.exception("the database is not there; trying again")
                connection.close()
                select.select([], [], [], POLL_SECONDS)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self._stopping = True

    def _serve(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"LISTEN {CHANNEL}")
        looked, pace = 0.0, Pace()
        while not self._stopping:
            if look := time.monotonic() - looked >= POLL_SECONDS:
                looked = time.monotonic()
            done = turn(later=pace.chunk, look_for_views=look)
            pace.follow(done)
            if done.written:
                logger.info("published %d versions from %d changes", done.written, done.taken)
            self._beat()
            if not done.busy:
                self._wait()

    def _beat(self) -> None:
        try:
            cache.set(HEARTBEAT, 1, timeout=30)
        except redis.RedisError:
            logger.warning("no heartbeat: Redis is not there")

    def _wait(self) -> None:
        raw = connection.connection
        if not raw.notifies:
            select.select([raw], [], [], POLL_SECONDS)
        raw.poll()
        raw.notifies.clear()


def _collect_less() -> None:
    """Look for unreachable cycles seldom: a turn makes tens of thousands of tuples and none of them.

    As it comes, Python would look fifty times in a turn, each time at more of what the program keeps anyway.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_MANY)
