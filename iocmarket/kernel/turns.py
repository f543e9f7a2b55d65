"""Long work of a worker, a turn at a time: whoever waits behind it has its turn as well."""

from __future__ import annotations

import time
from collections.abc import Callable

TURN_SECONDS = 10.0
"""After so long a worker lets others have a turn."""
BREATH = 1.0
"""Seconds of rest for each second of work: a share of the machine stays for those who share and read meanwhile."""


def take_turn(step: Callable[[], bool], *, seconds: float = TURN_SECONDS, rest: float = 0.0) -> bool:
    """Step after step until `seconds` are over; whether there is more to do.

    `step` says whether there may be another; at least one is taken. `rest`: seconds of sleep for each second of a step.
    """
    end = time.monotonic() + seconds
    while True:
        begun = time.monotonic()
        if not step():
            return False
        if (now := time.monotonic()) > end:
            return True
        if rest:
            time.sleep((now - begun) * rest)
