"""HTML as text with the addresses of its links. Pure, and linear in the length of the text, whatever is in it."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

_TAG = re.compile(r"<[^<>]*>")
_LINK = re.compile(
    r"""\b(?:href|src|action|background)\s*=\s*(?:"([^"<>]*)"|'([^'<>]*)'|([^\s"'<>]+))""", re.IGNORECASE
)
_BREAKS = re.compile(r"<(?:br|/p|/div|/tr|/li|/h[1-6]|/table|/blockquote)\b", re.IGNORECASE)
_UNSEEN = ("style", "script", "title")


def text_of_html(text: str, *, only_links: bool = False) -> str:
    """Its words, a line for each block, and a line for each address that it leads to or fetches."""
    shown = _without_unseen(text)
    links = [html.unescape(link) for tag in _TAG.finditer(shown) for link in _links_in(tag.group())]
    leading = [link for link in dict.fromkeys(links) if link.lower().startswith(("http:", "https:", "ftp:"))]
    if only_links:
        return "\n".join(leading)
    words = html.unescape(_TAG.sub(" ", _BREAKS.sub("\n<", shown)))
    lines = (" ".join(line.split()) for line in words.splitlines())
    return "\n".join([*(line for line in lines if line), *leading])


def _links_in(tag: str) -> Iterator[str]:
    for match in _LINK.finditer(tag):
        yield (match[1] or match[2] or match[3] or "").strip()


def _without_unseen(text: str) -> str:
    """Without what no reader sees: styles and scripts, also where their end is missing."""
    for name in _UNSEEN:
        kept, position, lowered = [], 0, text.lower()
        if len(lowered) != len(text):  # a letter that grows when lowered would move every place
            lowered = "".join(sign.lower() if sign.isascii() else sign for sign in text)
        while (start := lowered.find(f"<{name}", position)) >= 0:
            kept.append(text[position:start])
            end = lowered.find(f"</{name}", start)
            position = len(text) if end < 0 else end
        kept.append(text[position:])
        text = "".join(kept)
    return text
