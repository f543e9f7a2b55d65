"""`manage.py` without configuration: the services run for the time of the command, unless they run already."""

from __future__ import annotations

import atexit
import os
from collections.abc import Sequence

from iocmarket import embedded
from iocmarket.settings.env import Env

# Commands that open neither the database nor Redis: starting both for them would only cost time.
WITHOUT_SERVICES = frozenset(
    {
        *("help", "--help", "-h", "version", "--version", "collectstatic", "spectacular", "startapp", "diffsettings"),
        *("compilemessages", "makemessages", "compile_catalogues", "check_catalogues", "build_warninglists"),
    }
)


def provide_services(argv: Sequence[str]) -> None:
    """Start the services that neither the environment nor another process provides; they stop when this one ends.

    Production settings name their services themselves, so nothing is started for them. Raises EmbeddedError.
    """
    if len(argv) < 2 or argv[1] in WITHOUT_SERVICES or {"-h", "--help"} & set(argv):
        return
    if os.environ.get("DJANGO_SETTINGS_MODULE", "").endswith(".production"):
        return
    env = Env.read()
    if env.database_url and env.redis_url:
        return
    services = embedded.start(env.data_dir, database=not env.database_url, redis=not env.redis_url)
    atexit.register(services.stop)
