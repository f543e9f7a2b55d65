"""Changing many rows in one statement, which Django compiles cell by cell: that costs more than running it.

New rows go through COPY (copying.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from django.db import connection, models
from psycopg2.extras import execute_values

Row = TypeVar("Row", bound=models.Model)
PAGE = 1000


def update_many(rows: Sequence[Row], fields: Sequence[str]) -> None:
    """UPDATE … FROM (VALUES …) by primary key. All rows are of one model and exist."""
    if not rows:
        return
    meta = rows[0]._meta  # noqa: SLF001 (Django's documented model _meta API)
    columns = [column for column in meta.concrete_fields if column.name in fields]
    key = meta.pk
    if key is None:
        raise ValueError("the model has no primary key")
    names = [connection.ops.quote_name(str(column.column)) for column in columns]
    casts = [f"%s::{key.rel_db_type(connection)}"] + [f"%s::{column.db_type(connection)}" for column in columns]
    sets = ", ".join(f"{name} = fresh.{name}" for name in names)
    table, pk = connection.ops.quote_name(meta.db_table), connection.ops.quote_name(str(key.column))
    fresh = f"(VALUES %s) AS fresh (pk, {', '.join(names)})"
    # Only names of our own models are spelled into the statement; every value is a parameter.
    statement = f"UPDATE {table} AS held SET {sets} FROM {fresh} WHERE held.{pk} = fresh.pk"  # noqa: S608
    values = [
        (row.pk, *(column.get_db_prep_save(getattr(row, column.attname), connection) for column in columns))
        for row in rows
    ]
    with connection.cursor() as cursor:
        execute_values(cursor.cursor, statement, values, template=f"({', '.join(casts)})", page_size=PAGE)
