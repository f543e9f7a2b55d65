"""`manage.py build_warninglists`: make the index of the essential warning lists from the installed package.

`make run` and the image call it; a running program takes the new index at its next look-up, without a restart.
"""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from iocmarket.listed import essential, files


class Command(BaseCommand):
    """Writes beside, then renames: no process ever sees half an index."""

    help = "Build the index of the essential warning lists."
    requires_system_checks: list[str] = []  # noqa: RUF012 (declared so by Django)

    def add_arguments(self, parser: ArgumentParser) -> None:
        """A newer checkout of MISP's lists may take the place of the package."""
        parser.add_argument("--source", type=Path, help="the folder lists/ of a checkout of misp-warninglists")
        parser.add_argument("--if-older", action="store_true", help="do nothing when the index is newer than the lists")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Build it. Raises CommandError when there are no lists."""
        folder: Path | None = options["source"] or essential.packaged()
        if folder is None or not folder.is_dir():
            raise CommandError("no warning lists: install the package pymispwarninglists, or say --source FOLDER")
        if options["if_older"] and files.is_newer_than(folder):
            return
        try:
            count, entries = files.build(folder)
        except (OSError, ValueError) as error:
            raise CommandError(f"the lists in {folder} cannot be read: {error}") from error
        if options["verbosity"] > 0:
            self.stdout.write(f"{count} warning lists with {entries} entries: {files.path()}")
