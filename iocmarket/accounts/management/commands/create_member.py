"""`manage.py create_member EMAIL --institution NAME --role R [--password-stdin]`."""

from __future__ import annotations

import secrets
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email

from iocmarket.accounts.lookups import institution_named
from iocmarket.accounts.roles import Role
from iocmarket.accounts.services import create_member
from iocmarket.audit.services import PLATFORM
from iocmarket.kernel.decision import Refusal

ADMINISTRATOR = "administrator"


class Command(BaseCommand):
    """Adds a member who is let in; without --password-stdin a password is drawn and printed once."""

    help = "Add a member."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The contract's options."""
        parser.add_argument("email")
        parser.add_argument("--institution", required=True)
        parser.add_argument("--role", choices=[*Role.values, ADMINISTRATOR], required=True)
        parser.add_argument("--name", default="")
        parser.add_argument("--password-stdin", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        del args
        given = sys.stdin.readline().rstrip("\n") if options["password_stdin"] else ""
        password = given or secrets.token_urlsafe(15)
        administrator = options["role"] == ADMINISTRATOR
        try:
            validate_email(options["email"])
            member = create_member(
                email=options["email"],
                institution=institution_named(options["institution"]),
                role=Role.MANAGER if administrator else Role(options["role"]),
                password=password,
                name=options["name"],
                administrator=administrator,
                actor=PLATFORM,
            )
        except Refusal as refusal:
            raise CommandError(refusal.detail) from refusal
        except ValidationError as error:
            raise CommandError(f"{options['email']!r} is not an e-mail address") from error
        self.stdout.write(f"{member.email}" if given else f"{member.email} {password}")
