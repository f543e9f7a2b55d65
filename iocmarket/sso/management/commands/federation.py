"""`manage.py federation load FILE | list | enable SLUG | disable SLUG`: the providers that the database keeps."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from iocmarket.audit.services import PLATFORM
from iocmarket.kernel.decision import Refusal
from iocmarket.sso.config import read_provider
from iocmarket.sso.providers import keep_provider, providers, switch_provider


class Command(BaseCommand):
    """Reads a file with one provider or a list of them, in the words of docs/federation.md."""

    help = "Keep, list, open and close identity providers of the federation."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One act."""
        acts = parser.add_subparsers(dest="act", required=True)
        acts.add_parser("load").add_argument("file", type=Path)
        acts.add_parser("list")
        for act in ("enable", "disable"):
            acts.add_parser(act).add_argument("slug")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        del args
        try:
            if options["act"] == "load":
                self._load(options["file"])
            elif options["act"] != "list":
                switch_provider(options["slug"], enabled=options["act"] == "enable", actor=PLATFORM)
        except (OSError, ValueError, ImproperlyConfigured, Refusal) as error:
            raise CommandError(str(error)) from error
        for one in providers():
            self.stdout.write(f"{one.slug}\t{one.protocol}\t{one.issuer}\t{', '.join(one.scopes)}")

    @transaction.atomic
    def _load(self, path: Path) -> None:
        said = json.loads(path.read_text())
        for place, one in enumerate(said if isinstance(said, list) else [said]):
            keep_provider(read_provider(one, f"providers[{place}]"), actor=PLATFORM)
