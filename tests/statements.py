"""What the database is asked, without the values: two requests that must not be told apart have the same shape."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.db import connection
from django.test.utils import CaptureQueriesContext

_STRING = re.compile(r"E?'(?:[^']|'')*'(?:::\w+)?")
_NUMBER = re.compile(r"(?<![\w\"])-?\d+(?:\.\d+)?(?![\w\"])")
_LIST = re.compile(r"\?(?:, \?)+")
_ROWS = re.compile(r"(\(\?\))(?:,\s*\(\?\))+")
_SAVEPOINT = re.compile(r'SAVEPOINT "\w+"')
_CURSOR = re.compile(r'"_django_curs_\w+"')


_REPLACED = (
    (_SAVEPOINT, "SAVEPOINT"),
    (_CURSOR, "CURSOR"),
    (_STRING, "?"),
    (_NUMBER, "?"),
    (_LIST, "?"),
    (_ROWS, r"\1"),
)


def shape(sql: str) -> str:
    """One statement with its literals replaced."""
    for pattern, by in _REPLACED:
        sql = pattern.sub(by, sql)
    return sql


def statements_of(act: Callable[[], object]) -> list[str]:
    """The shapes of the statements that an act executes, in order."""
    connection.queries_log.clear()  # it holds 9 000 and forgets the oldest: what is full captures nothing
    with CaptureQueriesContext(connection) as captured:
        act()
    return [shape(query["sql"]) for query in captured.captured_queries]
