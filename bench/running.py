"""One run of the benchmark: the instance, the measures in their order, the table."""

from __future__ import annotations

import os
import platform
import time
import traceback
from collections.abc import Iterable, Sequence
from pathlib import Path

import django

django.setup()

from bench.base import Measure, in_order  # noqa: E402 (models need the set-up)
from bench.table import Row, written  # noqa: E402
from bench.values import unknown_types  # noqa: E402
from bench.world import World  # noqa: E402


def run(*, size: int, only: Sequence[str], folder: Path) -> int:
    """Measure and print; the exit status. Raises SystemExit for a measure that does not exist."""
    try:
        chosen = in_order(only)
    except KeyError as unknown:
        names = ", ".join(measure.name for measure in in_order())
        raise SystemExit(f"there is no measure {unknown}; the measures are {names}") from unknown
    started = time.perf_counter()
    rows: list[Row] = []
    failed: list[str] = []
    world = World(size, folder)
    alone = [measure for measure in chosen if not measure.needs_world]
    inside = [measure for measure in chosen if measure.needs_world]
    _measure(alone, world, rows, failed)
    if inside:
        with world:
            _grow(inside, world)
            _measure(inside, world, rows, failed)
    print(f"\n{_headline(size, time.perf_counter() - started)}\n\n{written(rows)}")
    print("\n".join(f"- {fact}" for fact in world.facts))
    print("\n".join(f"FAILED {text}" for text in failed))
    return 1 if failed else 0


def _grow(chosen: Iterable[Measure], world: World) -> None:
    """Fill a tenth, let the measures of growth look at it, fill the rest."""
    _say(f"filling {world.size // 10} indicators")
    world.fill(world.size // 10)
    world.serve()
    for measure in chosen:
        measure.at_a_tenth(world)
    _say(f"filling {world.size} indicators")
    world.fill(world.size)


def _measure(chosen: Iterable[Measure], world: World, rows: list[Row], failed: list[str]) -> None:
    """One measure after the other; one that fails is told and stops no other."""
    for measure in chosen:
        _say(measure.name)
        try:
            rows.extend(measure.run(world))
        except Exception as error:  # noqa: BLE001 (whatever it is: the others still have something to say)
            traceback.print_exc()
            failed.append(f"{measure.name}: {error}")


def _headline(size: int, seconds: float) -> str:
    left_out = ", ".join(unknown_types()) or "none"
    return (
        f"{size} indicators, {os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, "
        f"load {os.getloadavg()[1]:.1f}, {seconds:.0f} s in all; types without generated values: {left_out}"
    )


def _say(what: str) -> None:
    print(f"… {what}", flush=True)
