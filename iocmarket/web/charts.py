"""Numbers as small drawings, in SVG attributes alone: the content security policy allows no style attribute."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

SPARK_WIDTH, SPARK_HEIGHT, SPARK_MARGIN = 72.0, 18.0, 2.0
_BASE = SPARK_HEIGHT - 1.0


def spark_line(counts: Sequence[int]) -> str:
    """The points of a sparkline, highest count at the top, as an SVG `points` attribute. Raises ValueError for < 2."""
    if len(counts) < 2:
        raise ValueError("a sparkline needs two counts")
    top = max(counts) or 1
    step = SPARK_WIDTH / (len(counts) - 1)
    rise = (_BASE - SPARK_MARGIN) / top
    return " ".join(f"{index * step:.1f},{_BASE - count * rise:.1f}" for index, count in enumerate(counts))


@dataclass(frozen=True, slots=True)
class Segment:
    """One part of a bar that is 100 wide."""

    state: str
    x: str
    width: str


def bar(parts: Sequence[tuple[str, int]], gap: float = 0.4) -> list[Segment]:
    """Parts (state, count) side by side on a width of 100, with a hair between them; empty parts are left out."""
    total = sum(count for _state, count in parts)
    segments = []
    position = 0.0
    for state, count in parts:
        if count:
            width = 100 * count / total
            segments.append(Segment(state, f"{position:.2f}", f"{max(width - gap, 0.2):.2f}"))
            position += width
    return segments
