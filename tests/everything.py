"""All that is written in the database, whatever table it is in: for what must not be there any more."""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import Iterator

from django.db import connection


def places_of(words: str) -> list[str]:
    """The tables in which these words stand, in any column of any row; octets read as text, and unpacked."""
    sought = words.lower()
    return sorted({table for table, text in _rows() if sought in text})


def _rows() -> Iterator[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT * FROM "{table}"')  # a name of the catalogue
            for row in cursor.fetchall():
                yield table, " ".join(map(_written, row)).lower()


def _written(value: object) -> str:
    if not isinstance(value, memoryview | bytes):
        return str(value)
    octets = bytes(value)
    with contextlib.suppress(zlib.error):  # what is not packed stays as it is
        octets = zlib.decompress(octets)
    return octets.decode("utf-8", errors="replace")
