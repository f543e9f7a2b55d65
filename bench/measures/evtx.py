"""An event log made records: from the file to JSON lines, against the library that reads it and makes nothing of it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

from evtx import PyEvtxParser

from bench.base import Measure, measures
from bench.event_log import ARCHIVE, shared_evidence, written
from bench.table import Row
from bench.timing import medians
from bench.world import World
from ingestion.evidence.artefacts.base import Context
from ingestion.evidence.containers import open_archive
from ingestion.evidence.containers.base import Caps, Item, Keys, Opened
from ingestion.evidence.parsing import parse_all, planned
from ingestion.evidence.writing import Files

EVENTS = 100_000
GOAL = 40_000


class EventLog(Measure):
    """Events of the System, Security, Sysmon, PowerShell and task logs of one machine, in the order of their files."""

    name: ClassVar[str] = "evtx"
    order: ClassVar[int] = 4
    needs_world: ClassVar[bool] = False

    def run(self, world: World) -> Iterable[Row]:
        """Events a second of one core: the time of the process, whoever else uses the machine."""
        evidence = shared_evidence()
        if evidence is None:
            world.facts.append("evtx was not measured: IOCMARKET_SHARED_DATA names no folder with its event logs")
            return
        with log_of(evidence, EVENTS) as (item, count):
            ours, library = medians(lambda: count / _records(item, count), lambda: count / _read(item, count))
        yield Row(
            what="event log to JSON lines", ours=ours, unit="/s", reference=library, against="the library alone",
            goal="≥ 40 k/s", met=ours >= GOAL, note=f"{count} events, {item.size / 1e6:.0f} MB; of one core",
        )  # fmt: skip


@contextmanager
def log_of(evidence: Path, events: int) -> Iterator[tuple[Item, int]]:
    """A file of at least so many events, and how many it holds."""
    with TemporaryDirectory() as folder:
        opened = _opened(evidence, Path(folder))
        logs = sorted(item.file for item in opened.items if item.path.endswith(".evtx"))
        file = Path(folder) / "large.evtx"
        count = written(file, logs, events)
        yield Item(file, "Windows/System32/winevt/Logs/Large.evtx", file.name, file.stat().st_size, "ab" * 32), count


def _opened(evidence: Path, into: Path) -> Opened:
    keys = Keys((), ((evidence / "keys" / "platform.key.pem").read_bytes(),))
    return open_archive(evidence / ARCHIVE, into, keys=keys, password="", caps=Caps(), name=ARCHIVE)


def parsed(item: Item, folder: Path) -> dict[str, int]:
    """Write all lines of it, and Parquet; the records of each dataset."""
    files = Files(folder)
    _parsed(item, files)
    return files.finish()


def _parsed(item: Item, files: Files) -> int:
    context = Context(host="TP-07.univ-exemple.fr", case_id="bench", evidence_id="bench", tlp="amber")
    work = planned(Opened("plain", "plain", items=[item]))
    parse_all(work, lambda _item: context, files, skip=(), tell=lambda _said: None)
    return sum(one.records for one in work)


def _records(item: Item, count: int) -> float:
    """Seconds of work until all lines are written."""
    with TemporaryDirectory() as folder:
        files = Files(Path(folder))
        began = time.process_time()
        records = _parsed(item, files)
        took = time.process_time() - began
    if records != count:
        raise AssertionError(f"{records} records of {count} events")
    return took


def _read(item: Item, count: int) -> float:
    began = time.process_time()
    found = sum(1 for _ in PyEvtxParser(str(item.file), number_of_threads=1).records_json())
    if found != count:
        raise AssertionError(f"the library reads {found} of {count} events")
    return time.process_time() - began


measures.register(EventLog())
