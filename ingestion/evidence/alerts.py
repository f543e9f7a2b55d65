"""A dataset that tells of other records: each of its records is a copy of one, with what was found in it. Pure.

Its id follows from that record and the rule, so that a run anew says the same.
"""

from __future__ import annotations

import json
import shutil
from array import array
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from ingestion.evidence.engine import engine
from ingestion.evidence.records import COLUMNS, MESSAGE_MAX, event_id
from ingestion.evidence.writing import ENGINE_MEMORY, parquet

_LEFT_OUT: Final = ("event.original", "winlog.event_data")
"""Long, and in the record itself, whose id is in `event.code`."""


@contextmanager
def aside_in(folder: Path, dataset: str) -> Iterator[Path]:
    """A folder beside the records for a dataset that is being made; gone afterwards, and what a killed run left."""
    aside = folder / f"{dataset}.new"
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(mode=0o700)
    try:
        yield aside
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def alert(
    record: Mapping[str, Any], dataset: str, said: Mapping[str, Any], *, tag: str, headline: str
) -> dict[str, Any]:
    """The copy of a record with what is `said` of it, among that `rule.id`, in the order of the columns."""
    made = {name: value for name, value in record.items() if name not in _LEFT_OUT}
    key = f"{record['event.id']}|{said['rule.id']}"
    made |= {
        "event.id": event_id(record.get("iocmarket.artifact_sha256", ""), dataset, key),
        "event.kind": "alert", "event.dataset": dataset, "event.code": record["event.id"],
        "tags": [*record.get("tags", []), tag],
        "message": f"{headline}: {record.get('message', '')}"[:MESSAGE_MAX], **said,
    }  # fmt: skip
    return {name: made[name] for name in COLUMNS if name in made}


def put(folder: Path, aside: Path, lines: Path, lengths: array[int], **more: object) -> None:
    """Put a dataset beside the records in place of an earlier run's, and its count, and `more`, into the manifest.

    `lines` is named after the dataset; where nothing was detected there is no file.
    """
    final = folder / lines.name
    if lengths:
        with engine(aside, memory=ENGINE_MEMORY) as held:
            parquet(held, lines, lengths)
        lines.with_suffix(".parquet").replace(final.with_suffix(".parquet"))
        lines.replace(final)
    else:
        final.unlink(missing_ok=True)
        final.with_suffix(".parquet").unlink(missing_ok=True)
    manifest = folder / "manifest.json"
    said = json.loads(manifest.read_text())
    datasets = {name: count for name, count in said["datasets"].items() if name != lines.stem}
    if lengths:
        datasets[lines.stem] = len(lengths)
    said["datasets"], said["records"] = dict(sorted(datasets.items())), sum(datasets.values())
    said |= more
    fresh = aside / "manifest.json"
    fresh.write_text(json.dumps(said, indent=1, ensure_ascii=False) + "\n")
    fresh.replace(manifest)
