"""Artefacts made of bytes, and what their parsers say of them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from ingestion.evidence.artefacts.base import Artefact, Context, Fault, Parser, Summary, parsers
from ingestion.evidence.containers.base import Item
from ingestion.evidence.records import fit, record


def artefact(folder: Path, content: bytes, path: str, volume: str = "C", **context: Any) -> Artefact:
    """A file of a machine, on disk under a name of our own."""
    file = folder / hashlib.sha256(path.encode()).hexdigest()[:16]
    file.write_bytes(content)
    item = Item(file, path, path, len(content), hashlib.sha256(content).hexdigest(), volume)
    return Artefact(item, Context(layout="plain", host="pc-1.example.org", **context))


def wanting(one: Artefact) -> list[str]:
    """The names of the parsers that want it."""
    head = one.item.file.read_bytes()[:4096]
    return [parser.name for parser in parsers if parser.wants(one.item, head)]


def parsed(name: str, one: Artefact) -> tuple[list[dict[str, Any]], list[Fault], dict[str, Any]]:
    """Whole records, faults and summary; a record that no column fits is a failure."""
    parser: Parser = parsers[name]
    records, faults, summary = [], [], {}
    for found in parser.parse(one):
        if isinstance(found, Fault):
            faults.append(found)
        elif isinstance(found, Summary):
            summary = dict(found.facts)
        else:
            whole = record(found, one, parser)
            assert fit(whole) == []
            records.append(whole)
    assert len({whole["event.id"] for whole in records}) == len(records)
    return records, faults, summary
