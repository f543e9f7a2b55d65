"""The text and links of a PDF, read in a process of its own that has little time and memory: run by pdf.py alone.

    python -I pdf_child.py BYTES SECONDS CHARACTERS < FILE > LINES

It writes a line of JSON for each page, `{"page": 1, "text": "…", "links": ["…"]}`, then one that says how it ended:
`{"end": "all"}`, `"text"` or `"pages"` beyond a cap, `"encrypted"`, `"memory"`, `"loop"`, `"broken"`. It imports
nothing of the project, writes no file, opens no connection, and inherits no environment.
"""

from __future__ import annotations

import json
import logging
import resource
import sys
from collections.abc import Iterator
from io import BytesIO
from typing import Any

PAGES_MAX = 2000
LINKS_MAX = 5000
_ENDS = {"FileNotDecryptedError": "encrypted", "DependencyError": "encrypted", "LimitReachedError": "memory"}
"""What the library's own exceptions mean; a stream that unpacks to more than it allows is one of them."""


def _limit(kind: int, value: int) -> None:
    """Set a limit, but never above the one that holds already."""
    _soft, hard = resource.getrlimit(kind)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (value, value))


def _say(document: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(document) + "\n")


def _links(page: Any, left: int) -> Iterator[str]:
    """Where the annotations of a page lead (ISO 32000-2, section 12.6.4.8)."""
    for reference in page.get("/Annots") or ():
        if left <= 0:
            return
        action = reference.get_object().get("/A")
        target = action.get_object().get("/URI") if action is not None else None
        if target is not None:
            left -= 1
            yield str(target)[:8192]


def _read(data: bytes, characters: int) -> str:
    """Write the pages; how it ended."""
    from pypdf import PdfReader  # noqa: PLC0415 (under the limits, which hold for the import too)

    reader = PdfReader(BytesIO(data), strict=False)
    if reader.is_encrypted and not reader.decrypt(""):
        return "encrypted"
    title = reader.metadata.title if reader.metadata is not None else None
    _say({"title": str(title or "")[:500]})
    left = LINKS_MAX
    for number, page in enumerate(reader.pages, start=1):
        if number > PAGES_MAX:
            return "pages"
        text = page.extract_text()[: characters + 1]
        links = list(_links(page, left))
        left -= len(links)
        _say({"page": number, "text": text[:characters], "links": links})
        characters -= len(text)
        if characters < 0:
            return "text"
    return "all"


def main() -> None:
    """Read one file under limits."""
    memory, seconds, characters = (int(word) for word in sys.argv[1:4])
    logging.disable()
    data = sys.stdin.buffer.read()
    _limit(resource.RLIMIT_AS, memory)
    _limit(resource.RLIMIT_CPU, seconds)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_CORE, 0)
    try:
        end = _read(data, characters)
    except MemoryError:
        end = "memory"
    except RecursionError:
        end = "loop"
    except Exception as error:  # noqa: BLE001 (a library's hundred ways to say that a file is broken)
        end = _ENDS.get(type(error).__name__, "broken")
    _say({"end": end})


if __name__ == "__main__":
    main()
