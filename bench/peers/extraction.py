"""Another extractor over texts: `python extraction.py NAME FILE`, NAME being `ioc-finder` or `iocsearcher`.

FILE holds a JSON list of texts. Prints the seconds that all of them took, after a line that warms it up. Runs where the
extractor is installed, and imports nothing of this project.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import cast


def finder(name: str) -> Callable[[str], object]:
    """What reads one text."""
    if name == "iocsearcher":
        searcher = importlib.import_module("iocsearcher.searcher").Searcher()
        return cast("Callable[[str], object]", searcher.search_data)
    return cast("Callable[[str], object]", importlib.import_module("ioc_finder").find_iocs)


def main() -> None:
    """Once over them all."""
    find = finder(sys.argv[1])
    texts = json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))
    find(texts[0][:200])
    started = time.perf_counter()
    for text in texts:
        find(text)
    print(time.perf_counter() - started)


if __name__ == "__main__":
    main()
