"""Reports as PDF: their text and their links, read by a limited process of its own (pdf_child.py). Pure."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, ClassVar

from ingestion.readers.files import MIB, FileContext, FileReader, Opened, Source, Tale, file_readers
from ingestion.readers.gathering import TEXT_MAX, Gathering, cut
from ingestion.readers.page_text import Link
from ingestion.readers.telling import TITLE_MAX, plain
from iocmarket.kernel.decision import Refusal

MEMORY_MAX = 288 * MIB
"""Bytes of memory that reading one file may take, the program and the file included."""
SECONDS_MAX = 20
"""Seconds of work on one file; waiting for a busy machine is given as long again."""
_CHILD = Path(__file__).with_name("pdf_child.py")
_turn = threading.BoundedSemaphore(2)
"""Files that one process has read at the same time."""


class Pdf(FileReader):
    """One document a file; the place of an item is its page."""

    name: ClassVar[str] = "pdf"
    media_types: ClassVar[tuple[str, ...]] = ("application/pdf",)
    suffixes: ClassVar[tuple[str, ...]] = (".pdf",)
    size_max: ClassVar[int] = 32 * MIB

    def is_mine(self, head: bytes) -> bool:
        """Its sign stands within the first kilobyte (ISO 32000-2, annex I)."""
        return head.startswith(b"%PDF-")

    def opened(self, source: Source, context: FileContext) -> Opened:
        """Raises Refusal `not_a_pdf`, `encrypted`, `reading_too_long`, `reading_too_large`."""
        data = source.read()
        if b"%PDF-" not in data[:1024]:
            raise Refusal("not_a_pdf", "a PDF begins with %PDF-")
        pages, title, end = _pages(data)
        gathering = Gathering(context.default, hints=context.hints)
        for page in pages:
            gathering.marked(page["text"].splitlines())
            gathering.text(page["text"], page["page"])
            for link in page["links"]:
                gathering.link(Link(link, page["page"], fetched=False), page["page"])
        last = pages[-1]["page"] if pages else 1
        if end in {"text", "pages"}:
            gathering.refused("", "", last, cut("text_cut"))
        elif end != "all":
            gathering.refused("", "", last, Refusal("rest_unreadable", "what follows that page cannot be read"))
        title = plain(" ".join(title.split()), TITLE_MAX)
        return Opened(tuple(gathering), Tale(title, said=gathering.marking()) if title else None)


def _pages(data: bytes) -> tuple[list[dict[str, Any]], str, str]:
    """The pages with their text and links, the title, and how it ended. Raises Refusal."""
    with _turn:
        said = _said(data)
    lines = [json.loads(line) for line in said.splitlines()]
    if not lines or "end" not in lines[-1]:
        raise Refusal("reading_too_long", f"reading the file took more than {SECONDS_MAX} seconds of work")
    end = str(lines[-1]["end"])
    if end == "encrypted":
        raise Refusal("encrypted", "the file is encrypted: send it without its password")
    if end == "memory":
        raise Refusal("reading_too_large", f"reading the file took more than {MEMORY_MAX} bytes of memory")
    pages = [line for line in lines if "page" in line]
    if end in {"broken", "loop"} and not pages:
        raise Refusal("not_a_pdf", "the file is no PDF, or a broken one")
    title = next((str(line["title"]) for line in lines if "title" in line), "")
    return pages, title, end


def _said(data: bytes) -> bytes:
    command = [sys.executable, "-I", str(_CHILD), str(MEMORY_MAX), str(SECONDS_MAX), str(TEXT_MAX)]
    try:
        done = subprocess.run(
            command, input=data, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={}, cwd="/", check=False,
            timeout=2 * SECONDS_MAX,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return b""
    return done.stdout


file_readers.register(Pdf())
