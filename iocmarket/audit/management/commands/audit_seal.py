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

from iocmarket.audit.remembered import remember_head
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
            sealed = seal()
            if due := time.monotonic() - beaten >= BEAT_SECONDS:
                beaten = time.monotonic()
            if sealed or due:
                _tell(beat=due)
            if not sealed:
                stopping.wait(POLL_SECONDS)


def _tell(*, beat: bool) -> None:
    """Tell that the process is alive, which its container and /readyz ask for, and how far it has come."""
    try:
        if beat:
            cache.set(HEARTBEAT, 1, timeout=30)
        if not remember_head() and beat:
            logger.error("the chain does not go through its old head any more: see audit_verify")
    except redis.RedisError:
        logger.warning("Redis is not there: no heartbeat, and the head of the chain is not noted")
