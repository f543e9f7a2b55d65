"""How figures are taken on a machine that others use too: medians, and ours and the reference by turns."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from statistics import median

RUNS = int(os.environ.get("RUNS") or 5)
"""Odd; fewer than five only to try the benchmark itself."""


def seconds(work: Callable[[], object]) -> float:
    """How long one call takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def medians(*works: Callable[[], float], runs: int = RUNS) -> list[float]:
    """The median of what each returns. They take turns, so that a busy moment of the machine meets all of them."""
    taken: list[list[float]] = [[] for _ in works]
    for _ in range(runs):
        for found, work in zip(taken, works, strict=True):
            found.append(work())
    return [median(found) for found in taken]


def quantile(values: list[float], share: float) -> float:
    """The value below which that share of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
