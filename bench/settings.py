"""The reference server: the program's own settings, but for one path that does nothing once the token is checked."""

from iocmarket.settings.dev import *  # noqa: F403

ROOT_URLCONF = "bench.trivial"
