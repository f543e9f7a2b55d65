"""Events as machines read them: one shape for the API and the exports."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from typing import Any

from iocmarket.audit.trail import Line
from iocmarket.kernel.clock import stamp

COLUMNS = (
    "at", "action", "sentence", "member", "token", "institution", "address", "client", "subject_type", "subject_id",
    "subject", "details",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a cell begins with that a spreadsheet calculates; it reads the wide forms of these signs alike (OWASP)."""


def document(line: Line) -> dict[str, Any]:
    """One event."""
    return {
        "id": str(line.public_id),
        "at": stamp(line.at),
        "action": line.action,
        "sentence": line.sentence,
        "member": None if line.member is None else {"id": str(line.member.public_id), "name": str(line.member)},
        "token": None if line.token is None else {"id": str(line.token.public_id), "name": line.token.name},
        "institution": (
            None if line.institution is None else {"id": str(line.institution.public_id), "name": line.institution.name}
        ),
        "address": line.address,
        "client": line.client,
        "subject": {
            "type": line.subject_type,
            "id": None if line.subject_id is None else str(line.subject_id),
            "name": line.subject,
        },
        "details": line.details,
    }


def as_csv(lines: Iterable[Line]) -> Iterator[str]:
    """A table with a head. What a spreadsheet would take for a formula begins with an apostrophe."""
    yield _row(COLUMNS)
    for line in lines:
        yield _row(
            (
                stamp(line.at), line.action, line.sentence, line.member or "", line.token or "", line.institution or "",
                line.address or "", line.client, line.subject_type, line.subject_id or "", line.subject,
                json.dumps(line.details, ensure_ascii=False, sort_keys=True),
            )
        )  # fmt: skip


def as_json(lines: Iterable[Line]) -> Iterator[str]:
    """A list, written piece by piece."""
    yield "["
    for number, line in enumerate(lines):
        yield ("," if number else "") + "\n" + json.dumps(document(line), ensure_ascii=False)
    yield "\n]\n"


def _row(cells: Iterable[object]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(_harmless(str(cell)) for cell in cells)
    return text.getvalue()


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
