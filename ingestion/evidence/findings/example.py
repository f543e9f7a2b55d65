"""A template for the next family: copy this file, rename, and it is found. Nothing else needs an edit.

Modules named `example` are never loaded by the program; a contract test loads this one.
"""

from __future__ import annotations

from collections.abc import Iterator

from ingestion.evidence.findings.base import LIKELY, Family, Found, Record, families
from ingestion.evidence.findings.judging import text


def _found(record: Record) -> Iterator[Found]:
    if text(record, "registry.value") == "Example":
        command = text(record, "process.command_line")
        yield Found(
            "example", "T1547.001", text(record, "registry.key"), "Example", command, LIKELY,
            (text(record, "event.id"),),
        )  # fmt: skip


families.register(Family("example", _found))
