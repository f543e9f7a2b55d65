"""`manage.py audit_seal`: the sealer process."""

from __future__ import annotations

import logging
import signal
import threading
import time
from argparse import ArgumentParser
from typing import Any

import redis
from django.core.cache import cache
from django.core.management.base import BaseCommand
from django.db import DatabaseError, InterfaceError, connection

from iocmarket.audit.sealing import find_forgotten, seal, seal_all

logger = logging.getLogger("iocmarket.audit")
POLL_SECONDS = 0.4
"""Between two looks: an event is sealed within a second, and a look at an empty queue costs next to nothing."""
BEAT_SECONDS = 5.0
HEARTBEAT = "heartbeat:sealer"


class Command(BaseCommand):
    """Seals events as they are committed."""

    help = "Chain committed audit events by hashes. Runs until SIGTERM; with --once, until nothing is left."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The one option."""
        parser.add_argument("--once", action="store_true", help="seal what is waiting, then stop")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        del args
        if options["once"]:
            find_forgotten()
            self.stdout.write(f"{seal_all()} events sealed")
            return
        stopping = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
        while not stopping.is_set():
            try:
                find_forgotten()
                self._serve(stopping)
            except (DatabaseError, InterfaceError):
                # The database went away: what was not committed still waits, so trying again loses nothing.
                logger.exception("the database is not there; trying again")
                connection.close()
                stopping.wait(POLL_SECONDS)

    def _serve(self, stopping: threading.Event) -> None:
        beaten = 0.0
        while not stopping.is_set():
            if not seal():
                stopping.wait(POLL_SECONDS)
            if time.monotonic() - beaten >= BEAT_SECONDS:
                beaten = time.monotonic()
                _beat()


def _beat() -> None:
    """Tell that the process is alive: its container asks for it."""
    try:
        cache.set(HEARTBEAT, 1, timeout=30)
    except redis.RedisError:
        logger.warning("no heartbeat: Redis is not there")
