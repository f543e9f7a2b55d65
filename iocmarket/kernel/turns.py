"""Long work of a worker, a turn at a time: whoever waits behind it has its turn as well."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Protocol

TURN_SECONDS = 10.0
"""After so long a worker lets others have a turn."""
SWEEP_SECONDS = 10.0
"""So often whatever is unfinished is given a turn."""
STALE_SECONDS = 6 * SWEEP_SECONDS
"""A message that waited for so long is dropped: fresher ones are behind it."""
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


class Turning(Protocol):
    """A task of the worker that goes on with one piece of work, named by its key, for so many seconds."""

    def apply_async(self, args: tuple[int, float], *, expires: float) -> object: ...


def give_turns(task: Turning, keys: Sequence[int]) -> int:
    """Ask for a turn for each, whether or not a message came before or a worker died; how many.

    They share the time until the next sweep, and a message does not last longer than STALE_SECONDS: however long it
    all takes, no more than that of it stands before the work of others. Were each turn to ask for another, they would
    add up.
    """
    for key in keys:
        task.apply_async((key, TURN_SECONDS / len(keys)), expires=STALE_SECONDS)
    return len(keys)
