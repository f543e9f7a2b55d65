"""`python -m bench`: make an instance, measure it, print one table, leave nothing behind.

    SIZE=10k|100k|1m ONLY=name,… python -m bench        (`make bench SIZE=… ONLY=…`)

Ends with status 1 when a measure failed; a goal that is not met is a row of the table, not a failure.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from types import FrameType

OUTSIDE = ("DATABASE_URL", "REDIS_URL", "PUBLIC_URL", "SECRET_KEY", "INDICATOR_ID_KEY", "ALLOWED_HOSTS")


def size_of(text: str) -> int:
    """`10k`, `1m` or a plain number. Raises SystemExit for anything else."""
    found = re.fullmatch(r"(\d{1,8})([km]?)", text.strip().lower())
    if found is None or int(found[1]) == 0:
        raise SystemExit(f"SIZE is a number such as 10k, 100k or 1m, not {text!r}")
    return int(found[1]) * {"": 1, "k": 1_000, "m": 1_000_000}[found[2]]


def main() -> int:
    """Run what SIZE and ONLY ask for."""
    size = size_of(os.environ.get("SIZE") or "10k")
    only = [name for name in os.environ.get("ONLY", "").replace(" ", "").split(",") if name]
    folder = Path(tempfile.mkdtemp(prefix="iocmarket-bench-"))
    for name in OUTSIDE:
        os.environ.pop(name, None)
    # Settings read these once, so the folder is chosen before anything of the program is imported.
    os.environ |= {"DATA_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "iocmarket.settings.dev"}
    signal.signal(signal.SIGTERM, _stop)
    try:
        from bench.running import run  # noqa: PLC0415 (needs the settings)

        return run(size=size, only=only, folder=folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _stop(number: int, frame: FrameType | None) -> None:
    del frame
    raise SystemExit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
