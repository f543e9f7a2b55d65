"""JSON Pointers (RFC 6901): how an answer names the part of a document that it speaks of."""

from __future__ import annotations

LONGEST_STEP = 60  # characters of a name that are repeated; a pointer is for people to find the place


def pointer(*steps: object) -> str:
    """The pointer to a member: `~` and `/` escaped (section 3), long names cut, NUL written out."""
    return "".join(f"/{_escaped(str(step)[:LONGEST_STEP])}" for step in steps)


def _escaped(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1").replace("\x00", "\\u0000")
