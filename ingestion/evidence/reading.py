"""Reading what processing made of an archive: DuckDB over its Parquet, read only, in bounded memory and one thread.

Every text in it was chosen by whoever controlled the machine: it reaches the engine as a parameter, never as SQL.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ingestion.evidence import storing
from ingestion.evidence.admitting import DETECTIONS, Admitted
from ingestion.evidence.engine import SQL, engine, sql_text
from ingestion.evidence.models import Archive
from ingestion.evidence.places import folder_name
from ingestion.evidence.records import COLUMNS, INSTANT, instant
from iocmarket.kernel.clock import MICROSECOND

MEMORY = "256MB"
"""What one question may hold; the rest goes through files beside the records."""
AT_ONCE = 2_000
"""Rows that are in memory together."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def folder_of(archive: Archive) -> Path | None:
    """Where the records of a processed archive lie; None of any other."""
    return storing.records_folder(archive) if archive.state == Archive.State.DONE else None


def manifest_of(archive: Archive) -> dict[str, Any]:
    """What processing wrote of itself; nothing of an archive that is not processed."""
    folder = folder_of(archive)
    return json.loads((folder / "manifest.json").read_text()) if folder else {}


def datasets(archive: Archive) -> dict[str, int]:
    """The records of each dataset, by its name."""
    counts: dict[str, int] = manifest_of(archive).get("datasets", {})
    return counts


def counted(archive: Archive, admitted: Admitted) -> dict[str, int]:
    """The records of each dataset that the reader may see."""
    counts = datasets(archive)
    if DETECTIONS in counts:
        counts[DETECTIONS] = sum(
            1 for _row in rows(archive, datasets=[DETECTIONS], columns=["event.id"], where=admitted.condition)
        )
    return {name: count for name, count in counts.items() if count}


def files_of(archive: Archive, wanted: Iterable[str] | None = None, *, suffix: str = ".parquet") -> list[Path]:
    """The files of these datasets, or of all; of one that the archive does not have there is none."""
    folder = folder_of(archive)
    if folder is None:
        return []
    held = datasets(archive)
    names = held if wanted is None else [name for name in wanted if name in held]
    return [folder / f"{folder_name(name, 'unknown')}{suffix}" for name in sorted(set(names))]


def source(files: Sequence[Path]) -> str:
    """The files as what a SELECT reads from; without any, the columns without a row."""
    if not files:
        columns = ", ".join(f'CAST(NULL AS {SQL[kind]}) AS "{name}"' for name, kind in COLUMNS.items())
        return f"(SELECT {columns} WHERE false)"
    return f"read_parquet([{', '.join(sql_text(str(file)) for file in files)}])"


def rows(
    archive: Archive,
    *,
    datasets: Iterable[str] | None = None,
    columns: Iterable[str] | None = None,
    where: str = "",
    params: Sequence[Any] = (),
    order: str = "",
    limit: int | None = None,
) -> Iterator[dict[str, Any]]:
    """Records as they were written, keys without a value left out; `where` and `order` are SQL of ours with `?`.

    Raises KeyError for a column that is none.
    """
    names = list(COLUMNS if columns is None else columns)
    wanted = [_selected(name, COLUMNS[name]) for name in names]
    files = files_of(archive, datasets)
    if not files:
        return
    said = f"SELECT {', '.join(wanted)} FROM {source(files)}"  # noqa: S608 (columns of ours, quoted paths)
    said += f" WHERE {where}" if where else ""
    said += f" ORDER BY {order}" if order else ""
    said += f" LIMIT {limit:d}" if limit is not None else ""
    with engine(files[0].parent, memory=MEMORY) as held:
        found = held.execute(said, list(params))
        while some := found.fetchmany(AT_ONCE):
            for row in some:
                yield _record(names, row)


def _selected(name: str, kind: str) -> str:
    return f'epoch_us("{name}")' if kind == INSTANT else f'"{name}"'


def _record(names: Sequence[str], row: Sequence[Any]) -> dict[str, Any]:
    return {
        name: instant(_EPOCH + value * MICROSECOND) if COLUMNS[name] == INSTANT else value
        for name, value in zip(names, row, strict=True)
        if value is not None
    }
