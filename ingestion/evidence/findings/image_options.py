"""A program started in place of another, or when another ends: image options and silent exits."""

from __future__ import annotations

from collections.abc import Iterator

from ingestion.evidence.findings.base import Family, Found, Record, families
from ingestion.evidence.findings.judging import data_of, in_registry, registry_found, techniques
from ingestion.evidence.persistence import ACCESSIBILITY, ACCESSIBLE, IMAGE_OPTIONS


def _found(record: Record) -> Iterator[Found]:
    found = techniques(record)
    if not in_registry(record) or IMAGE_OPTIONS not in found or not data_of(record):
        return
    key = str(record.get("registry.key", "")).lower()
    before_logon = ACCESSIBILITY in found or key.rpartition("\\")[2] in ACCESSIBLE
    yield registry_found(record, "image-options", IMAGE_OPTIONS, surely=before_logon)


families.register(Family("image-options", _found))
