"""`manage.py serve_transfers`: the name server for subscribers that take the zone by transfer, and its feeder."""

from __future__ import annotations

import logging
import signal
import threading
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, InterfaceError, connection

from sharing.transfer.nameserver import NameServer
from sharing.transfer.serving import Serving, folder

logger = logging.getLogger("iocmarket.transfer")
TURN_SECONDS = 1.0


class Command(BaseCommand):
    """Starts BIND, feeds it and stops it."""

    help = "Serve response policy zones by transfer (AXFR, IXFR, NOTIFY) with BIND. Runs until SIGTERM."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        del args, options
        if settings.TRANSFER_LISTEN is None:
            raise CommandError("TRANSFER_LISTEN says where: 0.0.0.0:53")
        try:
            server = NameServer(folder(), settings.TRANSFER_LISTEN)
        except FileNotFoundError as error:
            raise CommandError(str(error)) from error
        asked = threading.Event()

        def stop(number: int, frame: FrameType | None) -> None:
            del number, frame
            asked.set()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)
        serving = Serving(server, folder())
        try:
            while not asked.is_set():
                try:
                    serving.turn()
                except (DatabaseError, InterfaceError):
                    # What was served goes on being served: who has left meanwhile is not known without the database.
                    logger.exception("the database is not there; trying again")
                    connection.close()
                asked.wait(TURN_SECONDS)
        finally:
            server.stop()
