"""The dataset `detection.ioc`: a copy of each record that holds an indicator, naming it. Pure."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import orjson

from ingestion.evidence.admitting import DETECTIONS
from ingestion.evidence.alerts import alert, aside_in, put
from ingestion.evidence.observables import Place, record_files

Where = dict[str, tuple[str, str]]
"""By the id of a record: the path of its artefact, and its place in that."""


def write(folder: Path, places: Iterable[Place], named: Mapping[int, tuple[str, str]]) -> Where:
    """Write it anew beside the records, and its count into the manifest; `named`: public id and type by indicator."""
    wanted: dict[str, dict[str, list[Place]]] = defaultdict(lambda: defaultdict(list))
    for place in places:
        wanted[place.dataset][place.id].append(place)
    with aside_in(folder, DETECTIONS) as aside:
        lines, lengths, where = aside / f"{DETECTIONS}.jsonl", array("I"), {}
        with lines.open("wb", buffering=1 << 17) as sink:
            for path in record_files(folder):
                for record, held in _records(path, wanted.get(path.stem, {})):
                    where[record["event.id"]] = _where(record)
                    for place in held:
                        lengths.append(sink.write(orjson.dumps(_told(record, place, *named[place.indicator])) + b"\n"))
        put(folder, aside, lines, lengths)
        return where


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
    said = {
        "event.action": "ioc-match", "rule.name": f"{type_name} in {place.dataset}, {place.field}",
        "rule.id": public_id, "iocmarket.ioc_ids": [public_id],
    }  # fmt: skip
    return alert(record, DETECTIONS, said, tag="ioc", headline=f"{type_name} {place.value}")
