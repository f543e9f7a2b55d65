"""A template for the next parser: copy this file, rename, and the artefact is parsed. Nothing else needs an edit.

Modules named `example` are never loaded by the program; a contract test loads this one. The artefact is real enough to
show each duty of a parser: a text file whose first line is `#example`, then `instant TAB text` a line.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from ingestion.evidence.artefacts.base import Artefact, Fault, Fields, Parser, Summary, parsers
from ingestion.evidence.containers.base import Item
from ingestion.evidence.records import instant

LINE_BYTES = 64 * 1024
"""A longer line is read in pieces: no artefact may take memory of its own choice."""


class Example(Parser):
    """`2026-11-03T10:15:00Z<TAB>started`."""

    name: ClassVar[str] = "example"
    version: ClassVar[str] = "1"
    datasets: ClassVar[tuple[str, ...]] = ("example.log",)
    library: ClassVar[str] = "own"

    def wants(self, item: Item, head: bytes) -> bool:  # noqa: ARG002 (its content says enough)
        """By its first line."""
        return head.startswith(b"#example\n")

    def parse(self, artefact: Artefact) -> Iterator[Fields | Fault | Summary]:
        """One record for each line after the first; a line without an instant is a fault."""
        lines = 0
        with artefact.item.file.open("rb") as file:
            file.readline(LINE_BYTES)
            while line := file.readline(LINE_BYTES):
                lines += 1
                moment, _, text = line.decode("utf-8", "replace").strip().partition("\t")
                try:
                    yield {"_key": lines, "@timestamp": instant(moment), "message": text}
                except ValueError:
                    yield Fault(f"line {lines}", "it begins with no instant")
        yield Summary({"lines": lines})


parsers.register(Example())
