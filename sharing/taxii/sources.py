"""What the pages of one collection are read from: the entries of a view, or the objects of a Dépôt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from iocmarket.accounts.viewer import Viewer
from iocmarket.prepared import GIVEN, Beyond, Prepared
from iocmarket.publication.access import entries_told
from iocmarket.publication.models import Entry
from sharing.taxii.collections import Readable
from sharing.taxii.depots import objects_of
from sharing.taxii.filters import Filters, VersionRule, every_unless_asked, newest_unless_asked, one_version
from sharing.taxii.models import Depot


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The readable rows of a collection, oldest first, and how its versions are told apart."""

    collection: UUID
    held: Callable[[], QuerySet[Any]]
    """Writes `rows`, which many requests do without."""
    rule: VersionRule
    version: str
    """The column that holds an object's version: a moment, or the text that its author wrote."""
    rendered: bool
    """Whether the bodies are ours to change: in Dépôt they are their authors', and stay as they are."""

    view: Readable | None = None
    """Set where `rows` are all that a view tells: pages of that are read by a statement that is written once."""

    @property
    def rows(self) -> QuerySet[Any]:
        """The rows, oldest first."""
        return self.held()

    def with_every_version(self) -> Source:
        """The same, where a request without a wish means all versions."""
        return replace(self, rule=every_unless_asked) if self.rule is newest_unless_asked else self

    def of(self, rows: QuerySet[Any]) -> Source:
        """The same, narrowed to these rows."""
        return replace(self, held=lambda: rows, view=None)

    def first(self, filters: Filters, columns: tuple[str, ...], limit: int) -> list[tuple[Any, ...]]:
        """`date_added` and these columns of the rows that match, oldest first: `limit` at least, if there are so many.

        One statement.
        """
        if self.view is not None and filters == Filters(after=filters.after):
            return _first(self.view, filters.after, columns, limit)
        found = filters.applied(self.rows, self.rule).values_list("date_added", *columns)
        return list(found[:limit])


def source_of(collection: Readable | Depot, viewer: Viewer) -> Source:
    """The source of a collection that the viewer may read."""
    if isinstance(collection, Depot):
        depot = collection
        return Source(
            collection=depot.public_id,
            held=lambda: objects_of(depot, viewer),
            rule=newest_unless_asked,
            version="version_text",
            rendered=False,
        )
    view, since = collection.view, collection.since
    return Source(
        collection=view.public_id,
        held=lambda: entries_told([(view.pk, since)]),
        rule=one_version,
        version="version",
        rendered=True,
        view=collection,
    )


@dataclass(frozen=True, slots=True)
class _Shape:
    view_id: int
    withdrawals: bool
    """Whether some are told."""
    later: bool
    """Whether only what came after a moment is meant."""
    columns: tuple[str, ...]
    limit: int


def _rows(shape: _Shape) -> QuerySet[Entry, Any]:
    rows = entries_told([(shape.view_id, GIVEN if shape.withdrawals else None)])
    rows = rows.filter(Beyond("date_added")) if shape.later else rows
    return rows.values_list("date_added", *shape.columns)[: shape.limit]


_ROWS = Prepared[_Shape](_rows, texts=False)


# Clients choose a limit freely: ten statements for all of them, not one for each. A page asks for one row more.
_SIZES = (*(2**power for power in range(1, 10)), 1001)


def _first(view: Readable, after: datetime | None, columns: tuple[str, ...], limit: int) -> list[tuple[Any, ...]]:
    shape = _Shape(view.view.pk, view.since is not None, after is not None, columns, _rounded(limit))
    return _ROWS.rows(shape, *(moment for moment in (view.since, after) if moment is not None))


def _rounded(limit: int) -> int:
    """At least as many, and seldom twice as many."""
    return next((size for size in _SIZES if size >= limit), limit)
