"""Statements that Django writes once and runs often: writing one costs ten times what PostgreSQL needs to run it.

A statement is kept for each shape that decides on it (a viewer, say); what differs between two requests is given when
it runs. Building one must ask the database nothing: what it would learn then would be believed for ever.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterator, Sequence
from functools import lru_cache
from itertools import count
from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypeVar
from weakref import WeakKeyDictionary

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import F, Lookup, QuerySet
from psycopg2.extensions import new_type, register_type

if TYPE_CHECKING:
    _Lookup = Lookup[Any]
else:
    _Lookup = Lookup

Shape = TypeVar("Shape", bound=Hashable)
KEPT = 1024
"""Statements of one kind: one for each token in use, a few kilobytes each."""


class Given:
    """Stands in a statement for what is given when it runs."""

    def __deepcopy__(self, memo: object) -> Given:
        return self


GIVEN = Given()
_UUID_AS_TEXT = new_type((2950,), "UUID_AS_TEXT", lambda text, _cursor: text)
"""An answer of a thousand rows writes them out again: reading each into an object cost a tenth of it."""


class _Asked(_Lookup):
    """A column compared with what is given."""

    prepare_rhs = False
    comparison = ""

    def __init__(self, column: str) -> None:
        super().__init__(F(column), GIVEN)

    def resolve_expression(self, *args: Any, **kwargs: Any) -> _Asked:
        """As every lookup; only its left side is an expression."""
        found = self.copy()
        found.lhs = self.lhs.resolve_expression(*args, **kwargs)
        return found

    def get_source_expressions(self) -> list[Any]:
        """The column."""
        return [self.lhs]

    def set_source_expressions(self, new_exprs: Any) -> None:
        """The column."""
        [self.lhs] = new_exprs

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        """The comparison."""
        column, parameters = self.process_lhs(compiler, connection)
        return f"{column} {self.comparison}", [*parameters, GIVEN]


class Among(_Asked):
    """`column = ANY(array)`, the array being given: one statement for one value and for ten thousand."""

    lookup_name = "among"
    comparison = "= ANY(%s)"


class Beyond(_Asked):
    """`column > value`, the value being given."""

    lookup_name = "beyond"
    comparison = "> %s"


class Before(_Asked):
    """`column < value`, the value being given."""

    lookup_name = "before"
    comparison = "< %s"


class Prepared(Generic[Shape]):
    """A kind of statement: `build` makes the `values_list` of one shape, in which GIVEN may stand."""

    def __init__(
        self, build: Callable[[Shape], QuerySet[Any, Any]], *, texts: bool = True, planned: bool = True
    ) -> None:
        """`texts`: UUIDs as text.

        `planned`: PostgreSQL plans it once too. Not where what is given decides on the plan, nor for shapes without
        number: a session keeps every plan.
        """
        self._build, self._texts = build, texts
        self._run = planned_rows if planned else _run
        self.written = lru_cache(maxsize=KEPT)(self._write)
        """The text of the statement of a shape and its parameters, where it is to be a part of another."""

    def rows(self, shape: Shape, *given: Any) -> list[tuple[Any, ...]]:
        """Run it: the rows as the database gives them. One statement."""
        sql, parameters = self.written(shape)
        values = iter(given)
        filled = [next(values) if parameter is GIVEN else parameter for parameter in parameters]
        return self._run(sql, filled, texts=self._texts)

    def _write(self, shape: Shape) -> tuple[str, tuple[Any, ...]]:
        with connection.execute_wrapper(_refuse):
            return self._build(shape).query.sql_with_params()


def rows_of(found: QuerySet[Any, Any]) -> list[tuple[Any, ...]]:
    """The rows of a `values_list`, UUIDs as text, without what Django does for each of them."""
    try:
        sql, parameters = found.query.sql_with_params()
    except EmptyResultSet:  # Django knows without asking: a condition names none of nothing
        return []
    return _run(sql, parameters, texts=True)


def rows_in_turn(found: QuerySet[Any, Any], *, chunk: int) -> Iterator[tuple[Any, ...]]:
    """The same of more rows than should be in memory at once; `chunk` of them are. Within a transaction."""
    try:
        sql, parameters = found.query.sql_with_params()
    except EmptyResultSet:
        return
    with connection.chunked_cursor() as cursor:
        register_type(_UUID_AS_TEXT, cursor.cursor)
        cursor.execute(sql, parameters)
        while rows := cursor.fetchmany(chunk):
            yield from rows


def with_words(sql: str, parameters: Sequence[Any]) -> tuple[str, tuple[Any, ...]]:
    """The same statement with the program's own words written into it (names of states, separators).

    They are the same for everybody, and each value that is given when a planned statement runs costs it a hundredth.
    Anything but a plain word stays given.
    """
    left = list[Any]()
    values = iter(parameters)

    def written(found: re.Match[str]) -> str:
        if found[0] == "%%":
            return found[0]
        value = next(values)
        if isinstance(value, str) and _WORD.fullmatch(value):
            return f"'{value}'::text"
        left.append(value)
        return found[0]

    return re.sub("%s|%%", written, sql), tuple(left)


_WORD = re.compile(r"[a-z_:,]*", re.ASCII)


def _run(sql: str, parameters: Sequence[Any], *, texts: bool) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        if texts:
            register_type(_UUID_AS_TEXT, cursor.cursor)
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())


def planned_rows(
    sql: str, parameters: Sequence[Any], *, texts: bool = False, repeated: bool = False
) -> list[tuple[Any, ...]]:
    """The rows of a statement that PostgreSQL plans once for each connection: that costs it ten times what this does.

    `texts`: UUIDs as text. `repeated`: the same few values stand in it again and again (an institution, say): each is
    given once. A plan is kept for each way in which values are equal, so not where any two may be.

    Planned past Django, so that what is asked looks the same the first time and later. Needs a session of its own at
    the server: no pool that hands out transactions.
    """
    connection.ensure_connection()
    session = connection.connection
    names = _PLANNED.setdefault(session, {})
    places: tuple[int, ...] = ()
    if repeated:
        numbers: dict[tuple[type, Any], int] = {}
        places = tuple([numbers.setdefault((type(value), value), len(numbers) + 1) for value in parameters])
        parameters = [value for _kind, value in numbers]
    if (name := names.get((sql, places))) is None:
        name = f"iocmarket_{len(names)}"
        with session.cursor() as cursor:
            cursor.execute(f"PREPARE {name} AS {_numbered(sql, places)}")
        names[sql, places] = name
    return _run(f"EXECUTE {name}({', '.join(['%s'] * len(parameters))})", parameters, texts=texts)


_PLANNED: WeakKeyDictionary[Any, dict[tuple[str, tuple[int, ...]], str]] = WeakKeyDictionary()


def _numbered(sql: str, places: tuple[int, ...]) -> str:
    """The same statement with `$1` for the first `%s`, as PREPARE has them; or with what `places` says."""
    numbers = iter(places) if places else count(1)
    return re.sub("%s|%%", lambda found: f"${next(numbers)}" if found[0] == "%s" else "%", sql)


def _refuse(*_: object) -> NoReturn:
    raise RuntimeError("writing a statement must not ask the database")
