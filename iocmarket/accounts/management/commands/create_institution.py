"""`manage.py create_institution NAME --domain D [--approved]`."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from iocmarket.accounts.services import create_institution
from iocmarket.audit.services import PLATFORM
from iocmarket.kernel.decision import Refusal


class Command(BaseCommand):
    """Adds an institution; prints its public id."""

    help = "Add an institution."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The contract's options."""
        parser.add_argument("name")
        parser.add_argument("--domain", action="append", default=[], help="a domain it owns; may be repeated")
        parser.add_argument("--approved", action="store_true", help="let it in at once")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        del args
        try:
            institution = create_institution(
                name=options["name"], domains=options["domain"], approved=options["approved"], actor=PLATFORM
            )
        except Refusal as refusal:
            raise CommandError(refusal.detail) from refusal
        self.stdout.write(str(institution.public_id))
