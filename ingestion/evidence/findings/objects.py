"""Objects of COM that somebody else's library answers for: written for one user, or lying where everybody may write."""

from __future__ import annotations

from collections.abc import Iterator

from ingestion.evidence.findings.base import Family, Found, Record, families
from ingestion.evidence.findings.judging import data_of, in_registry, protected, registry_found, techniques, text
from ingestion.evidence.persistence import COM_HIJACK

_NO_PROGRAM = frozenset({"threadingmodel", "class", "assembly", "runtimeversion", "codebase"})


def _found(record: Record) -> Iterator[Found]:
    if COM_HIJACK not in techniques(record) or not in_registry(record):
        return
    command = data_of(record)
    named = text(record, "registry.value").lower()
    bare = "\\" not in command  # found by its name alone, in the folders of Windows
    if command and named not in _NO_PROGRAM and not protected(command) and not bare:
        yield registry_found(record, "objects", COM_HIJACK)


families.register(Family("objects", _found))
