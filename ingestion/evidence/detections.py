"""The dataset `detection.ioc`: a copy of each record that holds an indicator, naming it. Pure."""

from __future__ import annotations

import json
import shutil
from array import array
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import orjson

from ingestion.evidence.admitting import DETECTIONS
from ingestion.evidence.engine import engine
from ingestion.evidence.observables import Place, record_files
from ingestion.evidence.records import COLUMNS, event_id
from ingestion.evidence.writing import ENGINE_MEMORY, parquet

_LEFT_OUT = ("event.original", "winlog.event_data")
"""Long, and in the record itself, whose id is in `event.code`."""

Where = dict[str, tuple[str, str]]
"""By the id of a record: the path of its artefact, and its place in that."""


def write(folder: Path, places: Iterable[Place], named: Mapping[int, tuple[str, str]]) -> Where:
    """Write it anew beside the records, and its count into the manifest; `named`: public id and type by indicator."""
    wanted: dict[str, dict[str, list[Place]]] = defaultdict(lambda: defaultdict(list))
    for place in places:
        wanted[place.dataset][place.id].append(place)
    aside = folder / "detection.new"
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(mode=0o700)
    try:
        lines, lengths, where = aside / f"{DETECTIONS}.jsonl", array("I"), {}
        with lines.open("wb", buffering=1 << 17) as sink:
            for path in record_files(folder):
                for record, held in _records(path, wanted.get(path.stem, {})):
                    where[record["event.id"]] = _where(record)
                    for place in held:
                        lengths.append(sink.write(orjson.dumps(_told(record, place, *named[place.indicator])) + b"\n"))
        put(folder, aside, lines, lengths)
        return where
    finally:
        shutil.rmtree(aside, ignore_errors=True)


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


def _records(path: Path, wanted: Mapping[str, list[Place]]) -> Iterable[tuple[dict[str, Any], list[Place]]]:
    if not wanted:
        return
    with path.open("rb") as lines:
        for line in lines:
            record = orjson.loads(line)
            if (held := wanted.get(record["event.id"])) is not None:
                yield record, held


def _where(record: Mapping[str, Any]) -> tuple[str, str]:
    return record.get("iocmarket.artifact_path", ""), record.get("iocmarket.offset_or_record", "")


def _told(record: Mapping[str, Any], place: Place, public_id: str, type_name: str) -> dict[str, Any]:
    made = {name: value for name, value in record.items() if name not in _LEFT_OUT}
    made |= {
        "event.id": event_id(record.get("iocmarket.artifact_sha256", ""), DETECTIONS, f"{place.id}|{public_id}"),
        "event.kind": "alert", "event.dataset": DETECTIONS, "event.action": "ioc-match", "event.code": place.id,
        "rule.name": f"{type_name} in {place.dataset}, {place.field}", "rule.id": public_id,
        "iocmarket.ioc_ids": [public_id], "tags": [*record.get("tags", []), "ioc"],
        "message": f"{type_name} {place.value}: {record.get('message', '')}"[:2000],
    }  # fmt: skip
    return {name: made[name] for name in COLUMNS if name in made}
