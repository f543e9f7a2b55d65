"""`manage.py create_token --institution NAME --scope S… [--tlp-ceiling T] [--expires D]`."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from iocmarket.accounts.lookups import institution_named
from iocmarket.accounts.models import Token
from iocmarket.accounts.services import create_token
from iocmarket.accounts.snippets import snippets
from iocmarket.audit.services import PLATFORM
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.marking import TLP


class Command(BaseCommand):
    """Makes a token and prints it, alone, on stdout."""

    help = "Make a token; prints the token alone."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The contract's options."""
        parser.add_argument("--institution", required=True)
        parser.add_argument("--scope", nargs="+", action="extend", required=True)
        parser.add_argument("--tlp-ceiling", default="AMBER+STRICT")
        parser.add_argument("--operated-by", choices=Token.OperatedBy.values, default=Token.OperatedBy.SELF)
        parser.add_argument("--expires", help="a day, as YYYY-MM-DD (UTC)")
        parser.add_argument("--network", nargs="+", action="extend", default=[], help="from where it may be used")
        parser.add_argument("--name", default="command line")
        parser.add_argument("--tool", choices=snippets.tool_keys(), default="", help="the tool that will use it")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        del args
        try:
            made = create_token(
                institution=institution_named(options["institution"]),
                name=options["name"],
                scopes=options["scope"],
                made_by=None,
                actor=PLATFORM,
                tlp_ceiling=TLP.parse(options["tlp_ceiling"]),
                operated_by=options["operated_by"],
                expires_at=_day(options["expires"]),
                tool=options["tool"],
                networks=options["network"],
            )
        except Refusal as refusal:
            raise CommandError(refusal.detail) from refusal
        self.stdout.write(made.secret)


def _day(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise CommandError(f"--expires {text!r} is not a day; write it as 2027-01-31") from error
