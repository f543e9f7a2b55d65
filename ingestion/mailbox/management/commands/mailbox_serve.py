"""`manage.py mailbox_serve`: take mails from the mail server beside us, until told to stop."""

from __future__ import annotations

import signal
import threading
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from ingestion.mailbox.serving import server_at
from iocmarket.settings.env import mail_door


class Command(BaseCommand):
    """Listens at MAILBOX_LISTEN, or at --listen."""

    help = "Take mails by LMTP or SMTP."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where."""
        parser.add_argument(
            "--listen", default=settings.MAILBOX_LISTEN, help="lmtp:/path, lmtp://127.0.0.1:2424, smtp://…"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until SIGTERM or SIGINT."""
        del args
        if not settings.MAILBOX_ADDRESS:
            raise CommandError("MAILBOX_ADDRESS is not set: which address do people write to?")
        try:
            door = mail_door(options["listen"])
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from error
        over = threading.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: over.set())
        server = server_at(door)
        server.start()
        self.stdout.write(f"mails for {settings.MAILBOX_ADDRESS} are taken at {options['listen']}")
        over.wait()
        server.stop()
