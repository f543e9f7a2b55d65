"""Files of other tools as tests read them: every item as one short line of what matters."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any

from ingestion.readers.base import Row
from ingestion.readers.files import FileContext, Opened, Stolen, Told, file_readers
from iocmarket.kernel.marking import DEFAULT, Marking
from tests.contract.test_readers import Held

NOW = datetime(2026, 11, 1, tzinfo=UTC)
OURS = (ip_network("129.88.0.0/16"),)


def opened(name: str, content: Any, *, default: Marking = DEFAULT) -> Opened:
    """What a reader says of a document, of lines of JSON (a tuple), or of bytes."""
    if isinstance(content, tuple):
        content = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in content).encode()
    elif not isinstance(content, bytes):
        content = json.dumps(content).encode()
    found = file_readers[name].opened(
        Held(content), FileContext(sender="Université Valbrune", default=default, moment=NOW, own=lambda: OURS)
    )
    return Opened(list(found.items), found.tale, found.silent)


def values(found: Opened) -> list[tuple[str, str]]:
    """The type and value of each item; of a refused one its reason. A row whose type follows from it has none."""
    return [_value(item) for item in found.items if not isinstance(item, Stolen)]


def _value(item: Row | Told) -> tuple[str, str]:
    if isinstance(item, Row):
        if item.refusal is not None:
            return ("", item.refusal.code)
        return (item.fields.get("type", ""), item.fields["value"])
    candidate = item.candidate
    if candidate.canonical is None:
        return ("", candidate.refusal.code if candidate.refusal else "")
    return (candidate.type or "", candidate.canonical.value)


def said(found: Opened, place: int = 0) -> dict[str, Any]:
    """What is said of one item."""
    item = [each for each in found.items if not isinstance(each, Stolen)][place]
    fields = dict(item.fields if isinstance(item, Row) else item.said)
    return {name: value for name, value in fields.items() if name not in {"value", "type"}}
