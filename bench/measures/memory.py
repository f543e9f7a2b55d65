"""What the processes hold after all other measures: the largest web worker, and everything together."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from bench.base import Measure, measures
from bench.table import Row
from bench.world import World

SETTLE = 8.0
"""Seconds in which worker and beat come up."""


class Memory(Measure):
    """From /proc: resident pages of a worker; shared pages counted once for the sum."""

    name: ClassVar[str] = "memory"
    order: ClassVar[int] = 900

    def run(self, world: World) -> Iterable[Row]:
        """Megabytes."""
        workers = [_kilobytes(pid, "Rss") / 1000 for pid in _below(world.pid("web")) if pid != world.pid("web")]
        worker = max(workers)
        yield Row(
            what="memory, largest web worker", ours=worker, unit="MB", goal="≤ 180 MB", met=worker <= 180,
            note="after all other measures of this run; workers: " + ", ".join(f"{each:.0f}" for each in workers),
        )  # fmt: skip
        world.start_rest()
        time.sleep(SETTLE)
        ours = set(_below(os.getpid())) - {os.getpid(), *_below(world.pid("trivial"))}
        everything = sum(_kilobytes(pid, "Pss") for pid in ours) / 1000
        yield Row(
            what="memory, everything idle", ours=everything, unit="MB", goal="≤ 700 MB", met=everything <= 700,
            note="web, publisher, worker, beat, PostgreSQL, Redis; shared pages once",
        )  # fmt: skip


def _below(root: int) -> list[int]:
    """A process and all its descendants."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
        children.setdefault(parent, []).append(int(folder.name))
    found = [root]
    for pid in found:
        found += children.get(pid, [])
    return found


def _kilobytes(pid: int, name: str) -> int:
    try:
        told = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    held = re.search(rf"^{name}: +(\d+) kB", told, re.MULTILINE)
    return int(held[1]) if held else 0


measures.register(Memory())
