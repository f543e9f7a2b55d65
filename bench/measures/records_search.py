"""A text looked for in a million records of one archive, as the page of records does; against grep over their lines."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import ClassVar

from bench.base import Measure, measures
from bench.event_log import shared_evidence
from bench.measures.evtx import log_of, parsed
from bench.table import Row
from bench.timing import medians, seconds
from bench.world import World
from ingestion.evidence import storing
from ingestion.evidence.admitting import Admitted
from ingestion.evidence.models import Archive, Case
from ingestion.evidence.searching import Found, Wanted, search

RECORDS = 1_000_000
ABSENT, PRESENT = "nothing is called like this", "lsass.exe"
"""The first is in no record, so that all of them are read; the second in some."""


class RecordsSearch(Measure):
    """One page of a hundred, in one thread."""

    name: ClassVar[str] = "records-search"
    order: ClassVar[int] = 5
    needs_world: ClassVar[bool] = False

    def run(self, world: World) -> Iterable[Row]:
        """Seconds."""
        evidence = shared_evidence()
        if evidence is None:
            world.facts.append("records-search was not measured: IOCMARKET_SHARED_DATA names no folder with event logs")
            return
        archive = Archive(case=Case(), state=Archive.State.DONE)
        folder = storing.results_folder(archive) / "host" / str(archive.public_id)
        folder.mkdir(parents=True)
        with log_of(evidence, RECORDS) as (item, count):
            datasets = parsed(item, folder)
        (folder / "manifest.json").write_text(json.dumps({"datasets": datasets}))
        lines = folder / "windows.evtx.jsonl"
        for text in (ABSENT, PRESENT):
            found = len(_searched(archive, text).records)
            ours, grep = medians(
                partial(seconds, partial(_searched, archive, text)),
                partial(seconds, partial(_grep, lines, text)),
                runs=3,
            )
            yield Row(
                what=f"a text in a million records, {'some' if found else 'none'} hold it", ours=ours, unit="s",
                reference=grep, against="grep -iF over the lines", goal="≤ 1 s", met=ours <= 1,
                note=f"{count} records; {found} on the page",
            )  # fmt: skip


def _searched(archive: Archive, text: str) -> Found:
    return search(archive, Wanted(text=text), Admitted(frozenset()))


def _grep(lines: Path, text: str) -> None:
    subprocess.run(["grep", "-ciF", "--", text, str(lines)], check=False, capture_output=True)


measures.register(RecordsSearch())
