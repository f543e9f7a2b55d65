"""The charter's text as paragraphs, headings and lists, so that no mark-up of its author ever reaches a page.

A block is what stands between blank lines. Blocks whose lines begin with `- ` are lists, a block of one line that
begins with `#` is a heading; everything else is a paragraph. The template escapes all of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Block:
    """One block: `heading`, `list` or `text`, with its lines."""

    kind: str
    lines: tuple[str, ...]


def blocks_of(text: str) -> list[Block]:
    """The blocks in order."""
    return [_block(part.strip("\n").split("\n")) for part in re.split(r"\n\s*\n", text) if part.strip()]


def _block(lines: list[str]) -> Block:
    if len(lines) == 1 and lines[0].startswith("#"):
        return Block("heading", (lines[0].lstrip("# "),))
    if all(line.lstrip().startswith("- ") for line in lines):
        return Block("list", tuple(line.lstrip()[2:] for line in lines))
    return Block("text", tuple(lines))
