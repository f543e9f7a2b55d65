"""The table that the benchmark prints. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

HEAD = ("measure", "ours", "reference", "ours / reference", "goal", "met")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure, what it is held against, and what is wanted of it."""

    what: str
    ours: float
    unit: str
    reference: float | None = None
    """Measured in the same run on the same machine, in the same unit."""
    against: str = ""
    """What the reference is, in a few words."""
    goal: str = ""
    """As docs/performance.md states it; empty where there is none."""
    met: bool | None = None
    """None where there is no goal, or where this size cannot tell."""
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """Ours divided by the reference."""
        return None if not self.reference else self.ours / self.reference


def written(rows: Sequence[Row]) -> str:
    """The rows as a table that reads well in a terminal and is Markdown."""
    cells = [HEAD, *[_cells(row) for row in rows]]
    widths = [max(len(line[column]) for line in cells) for column in range(len(HEAD))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |"
             for line in cells]  # fmt: skip
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    notes = [f"- {row.what}: {row.note}" for row in rows if row.note]
    return "\n".join([*lines, *(["", "Notes", *notes] if notes else [])])


def figure(value: float) -> str:
    """Three significant digits, thousands apart."""
    if abs(value) >= 100:
        return f"{value:,.0f}".replace(",", " ")
    return f"{value:.3g}"


def _cells(row: Row) -> tuple[str, ...]:
    reference = "" if row.reference is None else f"{figure(row.reference)} {row.unit} ({row.against})"
    met = {True: "yes", False: "NO", None: ""}[row.met]
    ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
    return (row.what, f"{figure(row.ours)} {row.unit}", reference, ratio, row.goal, met)
