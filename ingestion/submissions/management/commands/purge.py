"""`manage.py purge`: what beat does every hour, by hand; with --dry-run, how much that would be."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from ingestion.submissions.retention import due, purge


class Command(BaseCommand):
    """Purges raw input that is older than RAW_INPUT_DAYS."""

    help = "Replace raw input that is older than RAW_INPUT_DAYS by its hash; --dry-run only counts."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The one option."""
        parser.add_argument("--dry-run", action="store_true", help="change nothing, say how much would be purged")

    def handle(self, *args: Any, **options: Any) -> None:
        """Purge, or count."""
        del args
        found = due() if options["dry_run"] else purge()
        said = "to purge" if options["dry_run"] else "purged"
        self.stdout.write(
            f"raw input older than {settings.RAW_INPUT_DAYS} days {said}: "
            f"{found.submissions} submissions, {found.parts} parts, {found.lines} refused lines"
        )
