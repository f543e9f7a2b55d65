"""Whether two sets of times can be told apart: how likely one of the first is longer than one of the second. Pure.

That chance is the area under the ROC curve, and Mann and Whitney's U divided by the number of pairs: 0.5 when nothing
can be told. It asks nothing of the shape of the times, and a few slow answers hardly move it.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist, variance


@dataclass(frozen=True, slots=True)
class Chance:
    """The estimate, and the half width of its confidence interval."""

    value: float
    margin: float

    @property
    def tells(self) -> bool:
        """Whether the interval leaves out 0.5: the two can be told apart."""
        return abs(self.value - 0.5) > self.margin


def chance_of_longer(first: Sequence[float], second: Sequence[float], *, confidence: float) -> Chance:
    """Estimated with DeLong's variance (Biometrics 44, 1988). Raises ValueError for fewer than two of either."""
    if min(len(first), len(second)) < 2:
        raise ValueError("two of each are the least that has a variance")
    above = _places(first, sorted(second))
    below = _places(second, sorted(first))
    error = math.sqrt(variance(above) / len(first) + variance(below) / len(second))
    value = sum(above) / len(above)
    return Chance(value, NormalDist().inv_cdf((1 + confidence) / 2) * error)


def _places(values: Sequence[float], others: Sequence[float]) -> list[float]:
    """For each value the share of the others below it; an equal one counts half."""
    return [(bisect_left(others, value) + bisect_right(others, value)) / 2 / len(others) for value in values]
