"""COPY of model instances: the fastest way into a table that still knows every column of the model.

Django's `bulk_create` spends more time on writing its statement than PostgreSQL on running it.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, models

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def copy_rows(rows: Sequence[models.Model]) -> None:
    """Insert new rows of one model. Keys are copied where the first row has one; others are not read back.

    Raises IntegrityError and its like as every other statement does.
    """
    if not rows:
        return
    meta = rows[0]._meta  # noqa: SLF001 (Django's documented model _meta API)
    columns = [column for column in meta.concrete_fields if not (column.primary_key and rows[0].pk is None)]
    names = [column.attname for column in columns]
    buffer = io.StringIO()
    for row in rows:
        held = row.__dict__
        buffer.write("\t".join([cell(held[name]) for name in names]))
        buffer.write("\n")
    copy_text(meta.db_table, [str(column.column) for column in columns], buffer.getvalue())


def copy_text(table: str, columns: Sequence[str], lines: str) -> None:
    """COPY of lines that are written already."""
    listed = ", ".join(connection.ops.quote_name(column) for column in columns)
    with connection.wrap_database_errors, connection.cursor() as cursor:
        cursor.copy_expert(f"COPY {connection.ops.quote_name(table)} ({listed}) FROM STDIN", io.StringIO(lines))


def cell(value: Any) -> str:
    """One value in PostgreSQL's text format of COPY. Raises TypeError for a kind of value that no column here has."""
    for kind in type(value).__mro__:  # an enumeration is written as the number or the text that it is
        if kind in _FORMS:
            return _FORMS[kind](value)
    raise TypeError(f"no column holds a {type(value).__name__}")


def text(value: str) -> str:
    """A text as a cell: nearly always as it is."""
    return value if value.isprintable() and "\\" not in value else value.translate(_ESCAPES)


def array(items: Iterable[Any]) -> str:
    """A list as the cell of an array column."""
    return array_literal(items).translate(_ESCAPES)


def array_literal(items: Iterable[Any]) -> str:
    """A list as PostgreSQL writes one (`{"a",NULL}`): a parameter of a statement, quicker to read than ARRAY[…]."""
    listed = list(items)
    if listed and set(map(type, listed)) == {str}:
        joined = '","'.join(listed)
        if "\\" not in joined and joined.count('"') == 2 * (len(listed) - 1):  # nothing to quote in any of them
            return f'{{"{joined}"}}'
    return "{" + ",".join(["NULL" if item is None else _quoted(str(item)) for item in listed]) + "}"


def bytea_literal(items: Iterable[bytes]) -> str:
    """The same of a list of bytes."""
    return "{" + ",".join([f'"\\\\x{item.hex()}"' for item in items]) + "}"


def _quoted(item: str) -> str:
    if "\\" in item or '"' in item:
        item = item.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{item}"'


_FORMS: dict[type, Callable[[Any], str]] = {
    type(None): lambda _value: "\\N",
    bool: lambda value: "t" if value else "f",
    int: lambda value: str(int(value)),
    float: repr,
    str: lambda value: text(str(value)),
    memoryview: lambda value: "\\\\x" + value.hex(),
    bytes: lambda value: "\\\\x" + value.hex(),
    datetime: datetime.isoformat,
    UUID: str,
    list: array,
}
