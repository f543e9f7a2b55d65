"""What the records of one archive hold that could be an indicator: `observables.parquet` beside them. Pure.

It is kept as long as the records, so that what becomes known later is looked for without reading them again. Nothing
of it is held in memory: an archive may have millions of records, which the engine sorts in files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson

from ingestion.evidence.engine import engine, sql_text
from ingestion.evidence.writing import ENGINE_MEMORY
from iocmarket.kernel.match.keys import Key
from iocmarket.kernel.match.records import in_record

NAME = "observables.parquet"
BATCH = 2000
_COLUMNS = "{" + ", ".join(f"{name}: 'VARCHAR'" for name in ("kind", "value", "dataset", "id", "ts", "field")) + "}"


@dataclass(frozen=True, slots=True)
class Met:
    """How often the keys of one indicator were met; instants as in the records, empty for records without one."""

    count: int
    first_at: str
    last_at: str


@dataclass(frozen=True, slots=True)
class Place:
    """One record with a key of an indicator."""

    indicator: int
    dataset: str
    id: str
    at: str
    field: str
    value: str


def record_files(folder: Path) -> list[Path]:
    """The JSON lines of the records as they were parsed, without what was concluded from them."""
    return sorted(
        path
        for path in folder.glob("*.jsonl")
        if path.name != "errors.jsonl" and not path.name.startswith("detection.")
    )


def observe(folder: Path) -> None:
    """Read every record once and write what it holds, in the place of what an earlier run wrote."""
    aside = folder / "observables.jsonl.new"
    try:
        with aside.open("wb", buffering=1 << 20) as sink:
            for path in record_files(folder):
                _observe(path, path.stem, sink.write)
        with engine(folder, memory=ENGINE_MEMORY) as held:
            source = f"read_json({sql_text(str(aside))}, format = 'newline_delimited', columns = {_COLUMNS})"
            ordered = f"SELECT * FROM {source} ORDER BY kind, value, ts NULLS LAST, id"  # noqa: S608 (quoted paths)
            whole = folder / f"{NAME}.new"
            held.execute(f"COPY ({ordered}) TO {sql_text(str(whole))} (FORMAT parquet, COMPRESSION zstd)")
        whole.replace(folder / NAME)
    finally:
        aside.unlink(missing_ok=True)


def _observe(path: Path, dataset: str, write: Callable[[bytes], int]) -> None:
    with path.open("rb") as lines:
        for line in lines:
            record = orjson.loads(line)
            at = record.get("@timestamp")
            for key, field in in_record(record).items():
                said = {
                    "kind": key.kind, "value": key.value, "dataset": dataset, "id": record["event.id"], "ts": at,
                    "field": field,
                }  # fmt: skip
                write(_line(said))


def _line(said: dict[str, str]) -> bytes:
    try:
        return orjson.dumps(said) + b"\n"
    except TypeError:  # half a surrogate, as JSON in the data of an event may spell one
        return orjson.dumps({**said, "value": said["value"].encode("utf-8", "replace").decode()}) + b"\n"


def distinct(folder: Path) -> Iterator[list[Key]]:
    """The keys of an archive, each once, some at a time."""
    with engine(folder, memory=ENGINE_MEMORY) as held:
        held.execute(f"SELECT DISTINCT kind, value FROM {sql_text(str(folder / NAME))}")  # noqa: S608 (a quoted path)
        while rows := held.fetchmany(BATCH):
            yield [Key(kind, value) for kind, value in rows]


def met(folder: Path, wanted: Iterable[tuple[int, Key]], most: int) -> tuple[dict[int, Met], list[Place]]:
    """How often each indicator was met, counted in full; and the first `most` of its records."""
    with engine(folder, memory=ENGINE_MEMORY) as held:
        held.execute("CREATE TEMP TABLE wanted (indicator BIGINT, kind VARCHAR, value VARCHAR)")
        rows = [(indicator, key.kind, key.value) for indicator, key in wanted]
        if rows:
            held.executemany("INSERT INTO wanted VALUES (?, ?, ?)", rows)
        held.execute(
            "CREATE TEMP TABLE met AS SELECT indicator, dataset, id, min(ts) AS ts, min(field) AS field,"  # noqa: S608
            f" min(value) AS value FROM {sql_text(str(folder / NAME))} JOIN wanted USING (kind, value)"
            " GROUP BY indicator, dataset, id"
        )
        counted = held.execute("SELECT indicator, count(*), min(ts), max(ts) FROM met GROUP BY indicator").fetchall()
        first = held.execute(
            "SELECT indicator, dataset, id, coalesce(ts, ''), field, value FROM met"
            " QUALIFY row_number() OVER (PARTITION BY indicator ORDER BY ts NULLS LAST, id) <= ?"
            " ORDER BY indicator, ts NULLS LAST, id",
            [most],
        ).fetchall()
    return {one: Met(count, low or "", high or "") for one, count, low, high in counted}, [Place(*row) for row in first]
