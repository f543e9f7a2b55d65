"""ioc-finder over a text: `python extraction.py FILE`. Prints the seconds that it took.

Runs where ioc-finder is installed, and imports nothing of this project.
"""

from __future__ import annotations

import importlib
import sys
import time
from pathlib import Path


def main() -> None:
    """Once over it all, after a line that warms it up."""
    find = importlib.import_module("ioc_finder").find_iocs
    text = Path(sys.argv[1]).read_text(encoding="utf-8")
    find(text[:200])
    started = time.perf_counter()
    find(text)
    print(time.perf_counter() - started)


if __name__ == "__main__":
    main()
