"""Which services a test run uses: a DATA_DIR of its own, decided before Django reads its settings.

pytest-django loads the settings before any conftest.py, so only the settings can choose; tests/conftest.py then starts
the services there. The workers of pytest-xdist inherit DATA_DIR and get a Redis database each.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import MutableMapping
from pathlib import Path

from iocmarket import embedded

REDIS_DATABASES = 16  # Redis' default; 0 belongs to the process that starts the workers


def claim(environ: MutableMapping[str, str] = os.environ) -> None:
    """Set DATA_DIR when it is unset, and REDIS_URL in a worker. Starts nothing, writes no file."""
    data_dir = environ.setdefault("DATA_DIR", f"{tempfile.gettempdir()}/iocmarket-test-{os.getpid()}")
    worker = environ.get("PYTEST_XDIST_WORKER", "").removeprefix("gw")
    if worker.isdigit() and not environ.get("REDIS_URL"):
        number = 1 + int(worker) % (REDIS_DATABASES - 1)
        environ["REDIS_URL"] = embedded.urls(Path(data_dir)).redis.replace("?db=0", f"?db={number}")
