"""`manage.py evidence_worker`: the one process that reads the platform's private keys."""

from __future__ import annotations

import os
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from ingestion.evidence import keys, working
from ingestion.evidence.tasks import QUEUE


class Command(BaseCommand):
    """Make the keys when there are none, then become a Celery worker of the queue `evidence`."""

    help = "Work on evidence: makes the platform's keys at its first start, and alone reads them."

    def add_arguments(self, parser: CommandParser) -> None:
        """What to do in place of working until the end."""
        parser.add_argument("--once", action="store_true", help="Do what waits, and end.")
        parser.add_argument("--renew-keys", action="store_true", help="Draw another pair of keys, and end.")

    def handle(self, *args: Any, **options: Any) -> None:
        """One archive at a time: what it reads is hostile, and is bounded by what one child process may take."""
        del args
        keys.ensure()
        if options["renew_keys"]:
            keys.renew()
            return
        if options["once"]:
            working.sweep()
            return
        worker = [sys.executable, "-m", "celery", "--quiet", "--app", "iocmarket", "worker", "--loglevel", "INFO"]
        worker += ["--queues", QUEUE, "--pool", "solo", "--hostname", "evidence@%h", "--without-mingle"]
        sys.stdout.flush()
        os.execv(sys.executable, worker)  # noqa: S606 (our own interpreter, no shell, no word of anybody else)
