"""The records of an archive as files that other tools load: JSON lines, Parquet, bulk requests, Timesketch. Streamed.

Bulk requests are those of Elasticsearch and OpenSearch: a line that says where to, then the record. `create` with the
record's own id: what is sent twice is there once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import orjson
from django.conf import settings

from ingestion.evidence import reading
from ingestion.evidence.admitting import DETECTIONS, Admitted
from ingestion.evidence.engine import ROW_GROUP, engine, sql_text
from ingestion.evidence.models import Archive

CHUNK = 1 << 18
INDEX = "iocmarket-evidence-"
NO_INSTANT = "state when it was collected"
"""What the moment of a record means that has none of its own: Timesketch takes no line without a moment."""


@dataclass(frozen=True, slots=True)
class Form:
    """One way to write records."""

    suffix: str
    media_type: str
    pieces: Callable[[Archive, Sequence[str] | None, Admitted], Iterator[bytes]]


def _lines(archive: Archive, wanted: Sequence[str] | None, admitted: Admitted) -> Iterator[bytes]:
    """As they stand in the files."""
    for path in reading.files_of(archive, wanted, suffix=".jsonl"):
        if path.stem == DETECTIONS:
            yield from _admitted(path, admitted)
            continue
        with path.open("rb") as file:
            while some := file.read(CHUNK):
                yield some


def _admitted(path: Path, admitted: Admitted) -> Iterator[bytes]:
    """Line by line, what the reader may see."""
    with path.open("rb") as file:
        yield from (line for line in file if admitted.admits(orjson.loads(line)))


def _records(archive: Archive, wanted: Sequence[str] | None, admitted: Admitted) -> Iterator[bytes]:
    """Line by line."""
    for path in reading.files_of(archive, wanted, suffix=".jsonl"):
        if path.stem == DETECTIONS:
            yield from _admitted(path, admitted)
            continue
        with path.open("rb") as file:
            yield from file


def _bulk(archive: Archive, wanted: Sequence[str] | None, admitted: Admitted) -> Iterator[bytes]:
    index = f"{INDEX}{archive.case.public_id}"
    for line in _records(archive, wanted, admitted):
        head = {"create": {"_index": index, "_id": orjson.loads(line)["event.id"]}}
        yield orjson.dumps(head) + b"\n" + line


def _timesketch(archive: Archive, wanted: Sequence[str] | None, admitted: Admitted) -> Iterator[bytes]:
    """With the three keys that Timesketch asks of every line: `message`, `datetime`, `timestamp_desc`."""
    for line in _records(archive, wanted, admitted):
        yield orjson.dumps(_for_timesketch(orjson.loads(line))) + b"\n"


def _for_timesketch(record: dict[str, Any]) -> dict[str, Any]:
    at = record.get("@timestamp")
    said = record.get("timestamp_desc") or record["event.dataset"]
    moment = at or record["event.ingested"]
    return {**record, "datetime": moment, "timestamp_desc": said if at else NO_INSTANT}


def _parquet(archive: Archive, wanted: Sequence[str] | None, admitted: Admitted) -> Iterator[bytes]:
    """One file of all the datasets, which have the same columns; made aside, gone when it was sent."""
    files = reading.files_of(archive, wanted)
    drafts: Path = settings.EVIDENCE_DIR / "tmp"
    drafts.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder = Path(mkdtemp(dir=drafts))
    made = folder / "records.parquet"
    try:
        with engine(folder, memory=reading.MEMORY) as held:
            held.execute(
                f"COPY (SELECT * FROM {reading.source(files)} WHERE {admitted.condition}) TO {sql_text(str(made))}"  # noqa: S608 (quoted paths)
                f" (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP})"
            )
        with made.open("rb") as file:
            while some := file.read(CHUNK):
                yield some
    finally:
        with suppress(FileNotFoundError):
            made.unlink()
        folder.rmdir()


FORMS = {
    form.suffix: form
    for form in (
        Form("jsonl", "application/x-ndjson", _lines),
        Form("parquet", "application/vnd.apache.parquet", _parquet),
        Form("bulk.ndjson", "application/x-ndjson", _bulk),
        Form("timesketch.jsonl", "application/x-ndjson", _timesketch),
    )
}
"""By the ending of their name."""
