"""Writing versions of entries: COPY for new ones, one UPDATE for those that stand.

A version is written as one line of PostgreSQL's text format of COPY, its columns in the order of `COLUMNS`. All of it
but the labels of threat types and the body is of a fixed form, so nothing else needs escaping.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from iocmarket.copying import copy_text
from iocmarket.kernel.marking import PAP, TLP
from iocmarket.publication.facts import Facts

# What a new version replaces; the identity of an entry (view, indicator, stix_id, first_added) never changes.
REPLACED = (
    "date_added", "version", "body", "digest", "state", "tlp", "pap", "threat_types", "subtree", "base_score",
    "institutions", "first_seen", "last_seen", "valid_until", "due_at",
)  # fmt: skip
_IDENTITY = (
    "view_id",
    "indicator_id",
    "stix_type",
    "stix_id",
    "first_added",
    "report_id",
    "from_indicator",
    "sighted_id",
)
_TABLE, _FRESH = "publication_entry", "publication_fresh"
# Only names of our own columns are spelled into statements.
_NAMES = ", ".join(REPLACED)
_MAKE_FRESH = (
    f"CREATE TEMPORARY TABLE IF NOT EXISTS {_FRESH} ON COMMIT DELETE ROWS"  # noqa: S608
    f" AS SELECT id, {_NAMES} FROM {_TABLE} WITH NO DATA; DELETE FROM {_FRESH}"
)
_REPLACE = (
    f"UPDATE {_TABLE} AS held SET {', '.join(f'{name} = fresh.{name}' for name in REPLACED)}"  # noqa: S608
    f" FROM {_FRESH} AS fresh WHERE held.id = fresh.id"
)


class Parameters(NamedTuple):
    """What may change of an entry while its body stays as it is.

    A value that is seen again and again gets no version each time, but lists, scores and feeds of lines follow from
    these (domain.md, Views).
    """

    base_score: float
    institutions: int
    first_seen: datetime | None
    last_seen: datetime | None
    due_at: datetime | None


_NOTE = (
    f"UPDATE {_TABLE} AS held SET {', '.join(f'{name} = fresh.{name}' for name in Parameters._fields)}"  # noqa: S608
    " FROM unnest(%s::bigint[], %s::float8[], %s::int[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[])"
    f" AS fresh (id, {', '.join(Parameters._fields)}) WHERE held.id = fresh.id"
)


class Columns(NamedTuple):
    """What a version says beside its body: the columns REPLACED from `state` on.

    The defaults are those of an entry that says nothing.
    """

    state: str
    tlp: int = TLP.CLEAR
    pap: int = PAP.CLEAR
    threat_types: Sequence[str] = ()
    subtree: bool = False
    base_score: float = 0.0
    institutions: int = 0
    first_seen: datetime | None = None
    last_seen: datetime | None = None
    valid_until: datetime | None = None
    due_at: datetime | None = None

    def written(self) -> str:
        """The end of a line."""
        state, tlp, pap, threats, subtree, score, institutions, *moments = self
        first, last, until, due = [r"\N" if moment is None else moment.isoformat() for moment in moments]
        return (
            f"{state}\t{int(tlp)}\t{int(pap)}\t{{{','.join(threats)}}}\t{'t' if subtree else 'f'}\t{score!r}"
            f"\t{institutions}\t{first}\t{last}\t{until}\t{due}\n"
        )


class Version(NamedTuple):
    """What an entry says from now on. `date_added` and `version` are mostly one moment."""

    added: datetime
    body: bytes
    digest: bytes
    columns: str
    """The others, written out (`Columns`)."""
    version: datetime | None = None
    """Where it is not the moment at which it was added: objects that are the same everywhere have one of their own."""


class Fresh(NamedTuple):
    """An entry that does not exist yet."""

    view_id: int
    indicator_id: int | None
    stix_type: str
    stix_id: UUID | str
    first_added: datetime
    version: Version
    report_id: int | None = None
    from_indicator: int | None = None
    sighted_id: int | None = None


def insert(rows: Sequence[Fresh]) -> None:
    """Write new entries. Raises IntegrityError where one exists already."""
    if rows:
        copy_text(_TABLE, (*_IDENTITY, *REPLACED), "".join([_fresh_line(row) for row in rows]))


def replace(versions: Sequence[tuple[int, Version]]) -> None:
    """Write new versions of entries, by primary key. Each stands at most once in the list."""
    if not versions:
        return
    lines = "".join([f"{pk}\t{_line(version)}" for pk, version in versions])
    with connection.cursor() as cursor:
        # A table of this session alone, emptied at the end of the transaction: a list of values is parsed as SQL.
        cursor.execute(_MAKE_FRESH)
        cursor.copy_expert(f"COPY {_FRESH} (id, {_NAMES}) FROM STDIN", io.StringIO(lines))
        cursor.execute(_REPLACE)


def note(parameters: Sequence[tuple[int, Parameters]]) -> None:
    """Parameters changed and the bodies did not: they are noted, no version is made."""
    if not parameters:
        return
    columns = zip(*((pk, *noted) for pk, noted in parameters), strict=True)
    with connection.cursor() as cursor:
        cursor.execute(_NOTE, list(map(list, columns)))


def parameters_of(facts: Facts) -> Parameters:
    """What is noted of these facts."""
    return Parameters(facts.base_score, facts.institutions, facts.first_seen, facts.last_seen, facts.due_at)


def _fresh_line(row: Fresh) -> str:
    numbers = (row.indicator_id, row.report_id, row.from_indicator, row.sighted_id)
    indicator, report, place, sighted = [r"\N" if number is None else number for number in numbers]
    return (
        f"{row.view_id}\t{indicator}\t{row.stix_type}\t{row.stix_id}\t{row.first_added.isoformat()}"
        f"\t{report}\t{place}\t{sighted}\t{_line(row.version)}"
    )


def _line(version: Version) -> str:
    added, body, digest, columns, said = version
    stamp = added.isoformat()
    return f"{stamp}\t{stamp if said is None else said.isoformat()}\t\\\\x{body.hex()}\t\\\\x{digest.hex()}\t{columns}"
