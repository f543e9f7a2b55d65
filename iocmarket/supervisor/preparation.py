"""Everything that must be done once before the children start, in one process so that Django is loaded once.

Progress goes to stderr; only what `demonstrate` prints goes to stdout, because the supervisor shows it at the end,
below the noise of the start.
"""

from __future__ import annotations

import os
import sys

import django
from django.core.management import call_command, get_commands


def prepare(*, demonstration: bool) -> None:
    """Migrate, make catalogues, warning lists and static files, load the demonstration into an empty database."""
    commands = get_commands()
    if "compile_catalogues" in commands:
        call_command("compile_catalogues", stdout=sys.stderr)
    call_command("build_warninglists", if_older=True, stdout=sys.stderr)
    call_command("migrate", interactive=False, verbosity=0, stdout=sys.stderr)
    call_command("collectstatic", interactive=False, verbosity=0, stdout=sys.stderr)
    if demonstration and "demonstrate" in commands:
        call_command("demonstrate", stdout=sys.stdout)


if __name__ == "__main__":
    django.setup()
    prepare(demonstration=os.environ.get("DEMO", "1") != "0")
