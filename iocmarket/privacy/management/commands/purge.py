"""`manage.py purge`: what beat does every hour, by hand; with --dry-run, how much that would be."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import translation

from iocmarket.privacy.purging import due, purge
from iocmarket.privacy.retention import markdown


class Command(BaseCommand):
    """Keeps the table of retention (docs/privacy.md)."""

    help = "Delete or blank what was kept long enough; --dry-run only counts."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Counting alone, and the table itself."""
        parser.add_argument("--dry-run", action="store_true", help="change nothing, say how much would be purged")
        parser.add_argument("--table", action="store_true", help="print the table of retention as Markdown, then stop")

    def handle(self, *args: Any, **options: Any) -> None:
        """Purge, or count. Raises CommandError when a row could not be kept."""
        del args
        with translation.override("en"):
            if options["table"]:
                self.stdout.write(markdown())
                return
            found = due() if options["dry_run"] else purge()
            self.stdout.write(f"{'to purge' if options['dry_run'] else 'purged':>10}  name")
            for one in found:
                self.stdout.write(f"{'failed' if one.count is None else one.count:>10}  {one.rule.name}")
        if any(one.count is None for one in found):
            raise CommandError("not everything could be purged; the log says why")
