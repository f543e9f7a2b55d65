"""Score and decay in closed form, so that nothing has to be recomputed as time passes.

    base     = min(100, confidence × corroboration) × (1 − ½ · against / (institutions + against))
    score(t) = base × (1 − (age / lifetime)²)      while age < lifetime, else 0

`against` counts the institutions that report a false positive, and half of those that report the value gone. Reports
lower a score, never below its half: it is the guard that takes a value out of feeds that block (ADR 0032).

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
GONE_WEIGHT = 0.5
"""What an `expired` weighs against a `false-positive`: the value was right, and is no more."""
CONTESTED_MAX = 0.5
"""What reports may take of a score at most."""


def base_score(*, confidence: int, institutions: int, contesting: int = 0, gone: int = 0) -> float:
    """0–100. Each further distinct institution adds a fifth of the confidence, up to three fifths.

    `contesting` institutions report a false positive, `gone` other ones that the value is active no more.
    """
    factor = min(CORROBORATION_MAX, 1 + CORROBORATION_STEP * (institutions - 1))
    against = contesting + GONE_WEIGHT * gone
    return min(100.0, confidence * factor) * (1 - CONTESTED_MAX * against / (institutions + against))


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
