"""`manage.py compile_catalogues`: make the .mo files that Django reads from the .po files that people write."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from iocmarket.web.catalogue import mo, po


class Command(BaseCommand):
    """In pure Python, because a bare machine has no msgfmt; .mo files are not committed."""

    help = "Compile every .po file of the project's locale folders."
    requires_system_checks: list[str] = []  # noqa: RUF012 (declared so by Django)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Compile all; raises CommandError for a file that breaks the format."""
        try:
            counts = [mo.compile_folder(Path(folder)) for folder in settings.LOCALE_PATHS]
        except po.UnreadableCatalogueError as error:
            raise CommandError(str(error)) from error
        for language, count in (pair for found in counts for pair in found.items()):
            if options["verbosity"] > 0:
                self.stdout.write(f"{language}: {count} messages")
