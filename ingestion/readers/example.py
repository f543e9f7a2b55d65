"""A template for the next reader: copy this file, rename, and the format is registered. Nothing else needs an edit.

Modules named `example` are never loaded by the program; a contract test loads this one. The format is real enough to
show each duty of a reader: `type|value` a line.
"""

from __future__ import annotations

from typing import ClassVar

from ingestion.readers.base import Candidate, Reader, Reading, readers, shown
from ingestion.readers.credentials import redact_line
from iocmarket.indicators.recognise import recognise
from iocmarket.kernel.decision import Refusal


class Pipes(Reader):
    """`domain|evil.org`: the type before a bar, the value after it."""

    name: ClassVar[str] = "example-pipes"
    media_types: ClassVar[tuple[str, ...]] = ("text/x-example-pipes",)

    def read(self, text: str) -> Reading:
        """One item for each line that is not blank."""
        lines = enumerate(text.splitlines(), start=1)
        return Reading(tuple(_candidate(number, line) for number, line in lines if line.strip()), one_per_line=True)


def _candidate(number: int, line: str) -> Candidate:
    kind, bar, value = line.strip().partition("|")
    raw = shown(redact_line(line.strip()))
    if not bar:
        return Candidate(number, raw, refusal=Refusal("no_indicator", "A line is a type, a bar and a value."))
    try:
        found = recognise(value, kind)
    except Refusal as refusal:
        return Candidate(number, raw, refusal=refusal)
    return Candidate(number, raw, found.type.name, found.canonical)


readers.register(Pipes())
