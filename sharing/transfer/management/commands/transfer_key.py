"""`manage.py transfer_key INSTITUTION NAME`: a subscriber of the zone from the command line, for operators."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from iocmarket.accounts.models import Institution
from iocmarket.audit.services import PLATFORM
from iocmarket.kernel.decision import Refusal
from sharing.transfer.configuration import ALGORITHM
from sharing.transfer.services import create


class Command(BaseCommand):
    """Prints `name:hmac-sha256:secret`, as `dig -y` (in another order) and others want it."""

    help = "Make a key with which a name server of an institution takes the response policy zone by transfer."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Who, and where changes are announced."""
        parser.add_argument("institution", help="its name")
        parser.add_argument("name", help="what the subscriber is called on the page")
        parser.add_argument(
            "--notify", action="append", default=[], metavar="ADDRESS", help="192.0.2.53 or 192.0.2.53#53"
        )
        parser.add_argument("--action", default="", help="as of the feed rpz")
        parser.add_argument("--target", default="", help="as of the feed rpz")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make it and print the key."""
        del args
        institution = Institution.objects.filter(name=options["institution"]).first()
        if institution is None:
            raise CommandError("there is no institution of that name")
        try:
            made = create(
                institution, name=options["name"], notify=options["notify"], action=options["action"],
                target=options["target"], actor=PLATFORM,
            )  # fmt: skip
        except Refusal as refusal:
            raise CommandError(refusal.detail) from refusal
        self.stdout.write(f"{made.key.key_name}:{ALGORITHM}:{made.secret}")
