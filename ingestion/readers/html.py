"""Web pages (`.html`): reports of others, kept pages of phishing. What they show, and where they lead. Pure."""

from __future__ import annotations

import re
from typing import ClassVar

from ingestion.readers.files import MIB, FileContext, FileReader, Opened, Source, Tale, file_readers
from ingestion.readers.gathering import Gathering
from ingestion.readers.mime import text_of
from ingestion.readers.telling import TITLE_MAX, plain

_BEGINS = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<!--.{0,500}?-->\s*)?<(?:!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL
)
_CHARSET = re.compile(rb"<meta[^>]{1,200}?charset\s*=\s*[\"']?\s*([\w-]{1,40})", re.IGNORECASE)
HEAD = 1024
"""Bytes in which a page states its encoding (HTML standard, section 4.2.5.4)."""


class Html(FileReader):
    """One page a file."""

    name: ClassVar[str] = "html"
    media_types: ClassVar[tuple[str, ...]] = ("text/html", "application/xhtml+xml")
    suffixes: ClassVar[tuple[str, ...]] = (".html", ".htm", ".xhtml")
    size_max: ClassVar[int] = 16 * MIB

    def is_mine(self, head: bytes) -> bool:
        """It begins as a page does."""
        return _BEGINS.match(head) is not None

    def opened(self, source: Source, context: FileContext) -> Opened:
        """Whatever is no page is text, and is read as such."""
        data = source.read()
        stated = _CHARSET.search(data, 0, HEAD)
        text = text_of(data, stated[1].decode() if stated is not None else "")
        gathering = Gathering(context.default, hints=context.hints)
        page = gathering.html(text)
        gathering.marked((page.title, *page.lines))
        title = plain(page.title, TITLE_MAX)
        tale = Tale(title, said=gathering.marking()) if title else None
        return Opened(tuple(gathering), tale)


file_readers.register(Html())
