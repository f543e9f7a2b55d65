"""What a family of persistence findings is: records in, findings out. Pure: no models, no settings, no files.

A new family is one new file here; `example` is the template, and tests/contract/test_findings.py holds for all of them.
Every text of a record was chosen by whoever controlled the machine: it is compared, never run, built into a pattern or
trusted for its length.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from iocmarket.kernel.registry import Registry

Record = Mapping[str, Any]
"""One record as records.py makes it: flat keys, nothing where nothing is known."""

SURE, LIKELY, OPEN, LOW = 90, 70, 40, 10
"""Scores of 0 to 100: almost never honest; often not; who knows; a place that only administrators write to."""
RECORDS_MAX = 50
"""Records that a finding names: a driver installed at each start is one finding."""
TEXT_MAX = 2000
"""Characters of each text of a finding."""


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that makes a program come back, for a person to confirm or to dismiss."""

    category: str
    """The name of its family."""
    technique: str
    """Of MITRE ATT&CK®."""
    location: str
    """The key, the task, the service, the file."""
    value: str
    """The name of the value at that place, or nothing."""
    command: str
    """What comes back."""
    score: int
    records: tuple[str, ...]
    """`event.id` of the records that tell of it."""
    known_good: str = ""
    """Why it may be honest; empty for no reason known."""
    target_hash: str = ""
    """SHA-256 of the program, where the archive holds it."""

    def identity(self, evidence_id: str) -> UUID:
        """The same for the same finding of the same archive on every run, so that what a person said of it stays."""
        said = (
            f"{evidence_id}\x00{self.category}\x00{self.technique}\x00{self.location}\x00{self.value}\x00{self.command}"
        )
        return UUID(hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()[:32])


@dataclass(frozen=True, slots=True)
class Family:
    """One kind of place, and what is found there."""

    name: str
    find: Callable[[Record], Iterable[Found]]
    """Raises nothing for any record."""


families: Registry[Family] = Registry(
    "ingestion.evidence.findings", templates=frozenset({"base", "example", "judging"})
)


def findings(records: Iterable[Record]) -> list[Found]:
    """What all families find, each thing once; the surest first."""
    held: dict[tuple[str, ...], Found] = {}
    for record in records:
        for found in _of(record):
            name = (found.category, found.technique, found.location, found.value, found.command)
            before = held.get(name)
            held[name] = found if before is None else _joined(before, found)
    return sorted(held.values(), key=lambda one: (-one.score, one.category, one.location, one.value, one.command))


def _of(record: Record) -> Iterator[Found]:
    for family in families.ordered():
        for found in family.find(record):
            yield _short(found)


def _short(found: Found) -> Found:
    long = {
        name: text[: TEXT_MAX - 1] + "…"
        for name in ("location", "value", "command")
        if len(text := getattr(found, name)) > TEXT_MAX
    }
    return replace(found, **long) if long else found


def _joined(before: Found, found: Found) -> Found:
    if len(before.records) >= RECORDS_MAX:
        return before
    records = tuple(dict.fromkeys((*before.records, *found.records)))
    return replace(before, records=records, score=max(before.score, found.score))


_WANTED: Final = (b'"threat.technique.id"', b'"windows.services"', b"Startup", b"startup", b"rofile.ps1")


def may_tell(line: bytes) -> bool:
    """Whether a line of records may matter to any family: most do not, and need not be read."""
    return any(word in line for word in _WANTED)
