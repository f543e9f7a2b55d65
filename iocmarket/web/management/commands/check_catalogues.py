"""`manage.py check_catalogues`: fail on any text of the program that a reader would see untranslated.

`--write` first brings the .po files up to date: new texts are added without translation, unused ones leave.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from iocmarket.web.catalogue import extract, po
from iocmarket.web.catalogue.message import Message


class Command(BaseCommand):
    """English is written in the source; every other language of the interface must be complete."""

    help = "Check that every text is translated; with --write, update the .po files first."
    requires_system_checks: list[str] = []  # noqa: RUF012 (declared so by Django)

    def add_arguments(self, parser: CommandParser) -> None:
        """One switch."""
        parser.add_argument("--write", action="store_true", help="add new texts to the .po files and drop unused ones")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Raises CommandError naming every text that is missing, broken or no longer used."""
        wanted = extract.messages_of(Path(settings.BASE_DIR))
        troubles: list[str] = []
        for path in self._catalogues():
            catalogue = po.read(path)
            if options["write"]:
                catalogue.messages = merged(wanted, catalogue)
                po.write(path, catalogue)
            troubles += [f"{path.parent.parent.name}: {line}" for line in troubles_of(wanted, catalogue)]
        if troubles:
            raise CommandError(
                "\n".join([*troubles, f"{len(troubles)} texts to translate (manage.py check_catalogues --write)"])
            )
        self.stdout.write(f"{len(wanted)} texts, all translated")

    def _catalogues(self) -> list[Path]:
        folder = Path(settings.LOCALE_PATHS[0])
        languages = [code for code, _name in settings.LANGUAGES if code != "en"]
        return [folder / language / "LC_MESSAGES" / "django.po" for language in languages]


def merged(wanted: dict[tuple[str, str], Message], catalogue: po.Catalogue) -> dict[tuple[str, str], Message]:
    """The wanted messages, each with the translation that the catalogue has for it."""
    for key, message in wanted.items():
        known = catalogue.messages.get(key)
        message.strings = known.strings if known and bool(known.plural) == bool(message.plural) else []
    return wanted


def troubles_of(wanted: dict[tuple[str, str], Message], catalogue: po.Catalogue) -> list[str]:
    """One line for each text that has no usable translation, and for each that nothing uses any more."""
    lines = []
    for key, message in sorted(wanted.items()):
        known = catalogue.messages.get(key)
        whys = known.troubles(catalogue.forms) if known else ["not in the catalogue"]
        lines += [f"{message.id!r} ({', '.join(sorted(message.places))}): {why}" for why in whys]
    lines += [f"{message.id!r}: no longer used" for key, message in catalogue.messages.items() if key not in wanted]
    return lines
