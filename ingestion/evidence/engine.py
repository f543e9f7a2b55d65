"""DuckDB as it is used here: over files alone, one thread, bounded memory, nothing that it could fetch. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ingestion.evidence.records import INSTANT, NUMBER, TEXT, TEXTS

if TYPE_CHECKING:
    import duckdb

ROW_GROUP = 100_000
"""Records of a row group of Parquet: what a reader takes in or passes over at once."""
SQL = {TEXT: "VARCHAR", TEXTS: "VARCHAR[]", NUMBER: "BIGINT", INSTANT: "TIMESTAMPTZ"}
"""What the engine calls the types of columns."""


@contextmanager
def engine(beside: Path, *, memory: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory; what does not fit into `memory` (as in "256MB") goes to a folder in `beside`."""
    import duckdb  # noqa: PLC0415 (27 MB, which only processes pay that ask it anything)

    settings: dict[str, str | bool | int | float | list[str]] = {
        "threads": "1", "memory_limit": memory, "temp_directory": str(beside / "sorting"),
        "autoinstall_known_extensions": "false", "autoload_known_extensions": "false",
    }  # fmt: skip
    with duckdb.connect(config=settings) as made:
        yield made


def sql_text(said: str) -> str:
    """A literal of SQL."""
    return "'" + said.replace("'", "''") + "'"
