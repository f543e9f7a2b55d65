"""Score and decay in closed form, so that nothing has to be recomputed as time passes.

    base     = confidence × corroboration, at most 100
    score(t) = base × (1 − (age / lifetime)²)      while age < lifetime, else 0

The curve falls slowly while a statement is fresh and fast at its end; `age` counts from the last time somebody saw
the value, `lifetime` is the IOC type's (days). The moment at which the score crosses a threshold follows by
inversion, and is what an entry publishes as `valid_until`.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

CORROBORATION_STEP = 0.2
CORROBORATION_MAX = 1.6
GRAIN = timedelta(hours=6)


def base_score(*, confidence: int, institutions: int) -> float:
    """0–100. Each further distinct institution adds a fifth of the confidence, up to three fifths."""
    factor = min(CORROBORATION_MAX, 1 + CORROBORATION_STEP * (institutions - 1))
    return min(100.0, confidence * factor)


def score_at(moment: datetime, *, base: float, last_seen: datetime, lifetime_days: int) -> float:
    """The score at a moment, 0–100."""
    age = max(0.0, (moment - last_seen).total_seconds())
    share = age / (lifetime_days * 86400)
    return 0.0 if share >= 1 else base * (1 - share * share)


def crosses_at(threshold: float, *, base: float, last_seen: datetime, lifetime_days: int) -> datetime:
    """When the score falls under the threshold, rounded up to a multiple of 6 h UTC, at least one such step later.

    The rounding keeps a body unchanged while the same value is seen again and again.
    """
    share = math.sqrt(1 - threshold / base) if base > threshold else 0.0
    exact = last_seen + timedelta(seconds=share * lifetime_days * 86400)
    return ceil_to_grain(exact)


def ceil_to_grain(moment: datetime) -> datetime:
    """The first multiple of 6 h UTC strictly after the moment."""
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    steps = (moment - epoch) // GRAIN + 1
    return epoch + steps * GRAIN
