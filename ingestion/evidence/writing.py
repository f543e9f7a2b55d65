"""The files of one processed archive: records of each dataset as JSON lines and Parquet, and the errors. Pure."""

from __future__ import annotations

import os
from array import array
from collections.abc import Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import orjson

from ingestion.evidence.engine import ROW_GROUP, SQL, engine, sql_text
from ingestion.evidence.places import folder_name
from ingestion.evidence.records import COLUMNS

if TYPE_CHECKING:
    import duckdb

ENGINE_MEMORY = "320MB"
"""What sorting and writing Parquet may hold in memory; the rest goes through files."""
GROUP_BYTES = 32 << 20
"""Of JSON lines in a row group: the engine holds it several times over, and large records fill it sooner."""
BUFFER = 1 << 17
LINE_MAX = 1 << 20
"""Bytes of a record; of a longer one every text is cut, and it is tagged."""
TEXT_MAX = 1 << 14
"""Characters of a text that is left of such a record."""


class Full(Exception):  # noqa: N818 (an outcome to tell)
    """The disk is full, or a cap of what may be written."""


class Files:
    """Where the records of one archive go. Close it, then `finish`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.errors = 0
        self._open: dict[str, tuple[IO[bytes], array[int]]] = {}
        """The file of each dataset and the length of each of its lines."""
        self._errors = (folder / "errors.jsonl").open("wb", buffering=BUFFER)

    def record(self, record: dict[str, Any]) -> None:
        """Add one line to its dataset. Raises Full."""
        try:
            line = orjson.dumps(record, None, orjson.OPT_APPEND_NEWLINE)
        except TypeError:  # half a surrogate in a name, as file systems of machines allow
            line = orjson.dumps(_whole(record), None, orjson.OPT_APPEND_NEWLINE)
        if len(line) > LINE_MAX:
            line = orjson.dumps(_whole(_cut(record)), None, orjson.OPT_APPEND_NEWLINE)
        try:
            file, lengths = self._open.get(record["event.dataset"]) or self._opened(record["event.dataset"])
            lengths.append(file.write(line))
        except OSError as error:
            raise Full(error.strerror) from error

    def _opened(self, dataset: str) -> tuple[IO[bytes], array[int]]:
        path = self.folder / f"{folder_name(dataset, 'unknown')}.jsonl"
        opened = self._open[dataset] = path.open("wb", buffering=BUFFER), array("I")
        return opened

    def error(self, error: dict[str, str]) -> None:
        """Add one line to the errors."""
        self._errors.write(orjson.dumps(_whole(error)) + b"\n")
        self.errors += 1

    def finish(self) -> dict[str, int]:
        """Close everything, write Parquet; the records of each dataset. Raises ValueError when Parquet has others."""
        for file in (*(file for file, _lengths in self._open.values()), self._errors):
            file.close()
        counts = {dataset: len(lengths) for dataset, (_file, lengths) in sorted(self._open.items())}
        with engine(self.folder, memory=ENGINE_MEMORY) as held:
            for dataset, count in counts.items():
                written = parquet(
                    held, self.folder / f"{folder_name(dataset, 'unknown')}.jsonl", self._open.pop(dataset)[1]
                )
                if written != count:
                    raise ValueError(f"{dataset}: {count} records, {written} of them in Parquet")
        return counts


def parquet(held: duckdb.DuckDBPyConnection, lines: Path, lengths: Sequence[int]) -> int:
    """Sort the records of JSON lines by their instants and write Parquet beside them; how many there are.

    Sorting whole records takes their size twice in memory: only their keys are sorted, by an engine that spills.
    `lengths` are those of the lines, in bytes.
    """
    target = lines.with_suffix(".parquet")
    _sort(held, lines, lengths)
    group = min(ROW_GROUP, max(1, GROUP_BYTES * len(lengths) // max(1, sum(lengths))))
    held.execute(
        f"COPY (SELECT * FROM {_read(lines, COLUMNS)}) TO {sql_text(str(target))}"  # noqa: S608 (quoted paths)
        f" (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {group})"
    )
    row = held.execute(f"SELECT count(*) FROM {sql_text(str(target))}").fetchone()  # noqa: S608 (a quoted path)
    return int(row[0]) if row else 0


def _sort(held: duckdb.DuckDBPyConnection, lines: Path, lengths: Sequence[int]) -> None:
    """Put the lines in the order of their instants; those without one come last."""
    starts = array("q", accumulate(lengths, initial=0))
    keys = _read(lines, {name: COLUMNS[name] for name in ("@timestamp", "event.id")})
    numbered = f'SELECT row_number() OVER () - 1 AS n, "@timestamp" AS t, "event.id" AS i FROM {keys}'  # noqa: S608
    order = held.execute(f"SELECT n FROM ({numbered}) ORDER BY t NULLS LAST, i")  # noqa: S608 (quoted paths)
    aside = lines.with_suffix(".sorted")
    with lines.open("rb") as source, aside.open("wb", buffering=BUFFER) as sink:
        file = source.fileno()
        while some := order.fetchmany(10_000):
            for (number,) in some:
                sink.write(os.pread(file, lengths[number], starts[number]))
    aside.replace(lines)


def _read(lines: Path, columns: Mapping[str, str]) -> str:
    said = ", ".join(f"{sql_text(name)}: {sql_text(SQL[kind])}" for name, kind in columns.items())
    size = 2 * LINE_MAX
    return (
        f"read_json({sql_text(str(lines))}, format = 'newline_delimited', maximum_object_size = {size},"
        f" columns = {{{said}}})"
    )


def _cut(record: dict[str, Any]) -> dict[str, Any]:
    """The same with every text short enough."""
    short = {
        key: value[:TEXT_MAX]
        if isinstance(value, str)
        else [one[:TEXT_MAX] for one in value[:8]]
        if isinstance(value, list)
        else value
        for key, value in record.items()
    }
    return {**short, "tags": [*short.get("tags", []), "cut"]}


def _whole(value: Any) -> Any:
    """The same without halves of surrogates and without integers beyond 64 bits, which JSON lines cannot carry."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_whole(key): _whole(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_whole(one) for one in value]
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return str(value)
    return value
