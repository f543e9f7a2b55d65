"""What an institution says of one value, on its way into the database: light, since thousands come at once.

The columns are those of `Contribution`; what each means is told there.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from psycopg2.extras import execute_values

from ingestion.submissions.choices import Choices
from iocmarket.copying import array_literal, cell, copy_text
from iocmarket.kernel.marking import TLP

TABLE = "indicators_contribution"
_SAID = (
    "tlp", "pap", "audience", "circle_id", "recipients", "named_members", "threat_type", "confidence", "comment",
    "tags", "first_seen", "last_seen", "valid_until", "refreshed_at", "subtree", "anonymous",
)  # fmt: skip
_CHANGED = {
    "tlp": "smallint", "pap": "smallint", "threat_type": "varchar", "confidence": "smallint", "comment": "text",
    "tags": "varchar[]", "first_seen": "timestamptz", "last_seen": "timestamptz", "valid_until": "timestamptz",
    "refreshed_at": "timestamptz", "subtree": "boolean", "anonymous": "boolean",
}  # fmt: skip
"""What a refresh may change, with the type of each column."""
_FIND = f"""
SELECT id, indicator_id, {", ".join(_SAID)} FROM {TABLE}
WHERE indicator_id = ANY(%s::bigint[]) AND institution_id = %s AND report_id IS NOT DISTINCT FROM %s
    AND withdrawn_at IS NULL
    AND (tlp < {TLP.RED:d} OR author_id = %s)
ORDER BY indicator_id, id"""  # noqa: S608 (only names of our own columns are spelled into it)
_SEEN_AGAIN = f"""
UPDATE {TABLE} SET last_seen = GREATEST(last_seen, %s), refreshed_at = GREATEST(refreshed_at, %s)
WHERE id = ANY(%s::bigint[])"""  # noqa: S608
_CHANGE = f"""
UPDATE {TABLE} AS held SET {", ".join(f"{name} = fresh.{name}" for name in _CHANGED)}
FROM (VALUES %s) AS fresh (id, {", ".join(_CHANGED)}) WHERE held.id = fresh.id"""  # noqa: S608
_TEMPLATE = "(" + ", ".join(["%s::bigint", *(f"%s::{kind}" for kind in _CHANGED.values())]) + ")"


@dataclass(slots=True)
class Statement:
    """One statement: one that stands (`pk`), or a new one (`says`, the choices that it repeats word for word)."""

    institution_id: int
    indicator_id: int
    tlp: int
    pap: int
    audience: str
    circle_id: int | None
    recipients: list[int]
    named_members: list[int]
    threat_type: str
    confidence: int
    comment: str
    tags: list[str]
    first_seen: datetime
    last_seen: datetime
    valid_until: datetime | None
    refreshed_at: datetime
    subtree: bool
    anonymous: bool
    pk: int = 0
    says: Choices | None = None
    changed: bool = False
    """Whether more than the dates of a standing one is renewed."""

    def content(self) -> tuple[object, ...]:
        """What a mere repetition leaves as it is."""
        return (
            self.tlp, self.pap, self.threat_type, self.confidence, self.comment, self.tags, self.first_seen,
            self.valid_until, self.subtree, self.anonymous,
        )  # fmt: skip


def standing(
    indicators: Iterable[int], *, institution_id: int, author_id: int | None, report_id: int | None
) -> list[Statement]:
    """What the institution, and in TLP:RED the person, says already of these indicators in this report.

    Locks no row: whoever changes a statement holds its institution (locks.py).
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _FIND,
            (array_literal(sorted(indicators)), institution_id, report_id, author_id),
        )
        return [_read(institution_id, *row) for row in cursor.fetchall()]


def _read(institution_id: int, pk: int, *said: Any) -> Statement:
    statement = Statement(institution_id, *said)
    statement.pk = pk
    return statement


_COLUMNS = (
    "public_id", "indicator_id", "subtree", "institution_id", "author_id", "report_id", "submission", "created_at",
    *(name for name in _SAID if name != "subtree"),
)  # fmt: skip


def insert(
    statements: Sequence[Statement],
    *,
    author_id: int | None,
    report_id: int | None,
    submission: UUID,
    moment: datetime,
) -> None:
    """COPY of new ones. Most of a batch say the same, which is written once."""
    drawn = os.urandom(16 * len(statements)).hex()
    written: dict[int, str] = {}
    lines = []
    for number, statement in enumerate(statements):
        said = written.get(id(statement.says)) if statement.says is not None else None
        if said is None:
            said = "\t".join(
                cell(column)
                for column in (
                    statement.institution_id, author_id, report_id, submission, moment,
                    *(getattr(statement, name) for name in _SAID if name != "subtree"),
                )
            )  # fmt: skip
            if statement.says is not None:
                written[id(statement.says)] = said
        lines.append(
            f"{_uuid4(drawn[32 * number : 32 * number + 32])}\t{statement.indicator_id}\t"
            f"{'t' if statement.subtree else 'f'}\t{said}\n"
        )
    copy_text(TABLE, _COLUMNS, "".join(lines))


def _uuid4(digits: str) -> str:
    """32 random hexadecimal digits as a UUID of version 4 (RFC 9562 section 5.4)."""
    return f"{digits[:12]}4{digits[13:16]}{'89ab'[int(digits[16], 16) & 3]}{digits[17:]}"


def renew(statements: Iterable[Statement], *, moment: datetime) -> None:
    """UPDATE of standing ones: only the dates where nothing else is new, which is what most of a batch needs."""
    changed: list[Statement] = []
    seen: dict[datetime, list[int]] = {}
    for statement in statements:
        if statement.changed:
            changed.append(statement)
        else:
            seen.setdefault(statement.last_seen, []).append(statement.pk)
    with connection.cursor() as cursor:
        for last_seen, ids in seen.items():
            cursor.execute(_SEEN_AGAIN, [last_seen, moment, array_literal(sorted(ids))])
        if changed:
            rows = [(row.pk, *(getattr(row, name) for name in _CHANGED)) for row in changed]
            execute_values(cursor.cursor, _CHANGE, rows, template=_TEMPLATE, page_size=1000)
