"""One page of a collection: a keyset read by (collection, date_added), written out without parsing what is stored.

No OFFSET and no COUNT: a page costs the same at the end of a million objects as at the beginning, and so does a poll
that finds nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.http import HttpResponse, QueryDict

from iocmarket.kernel.clock import stamp
from sharing.taxii.answers import sent
from sharing.taxii.filters import Filters, read_filters, read_limit
from sharing.taxii.media import STIX
from sharing.taxii.sources import Source
from sharing.taxii.tokens import next_token, read_token

# Clients that name no page size get the fewest requests.
MAX_PAGE = DEFAULT_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Asked:
    """One request for a page."""

    filters: Filters
    limit: int

    @classmethod
    def of(cls, query: QueryDict, collection: UUID) -> Asked:
        """Read the query. With `next`, everything but `limit` comes from the token. Raises Problem 400."""
        if "next" not in query:
            return cls(read_filters(query), read_limit(query, default=DEFAULT_PAGE, maximum=MAX_PAGE))
        filters, limit = read_token(collection, query.get("next") or "")
        return cls(filters, read_limit(query, default=limit, maximum=MAX_PAGE))


@dataclass(frozen=True, slots=True)
class Shape:
    """What one endpoint tells of a row: the columns that it needs (after `date_added`), and how it writes them."""

    key: str
    columns: tuple[str, ...]
    write: Callable[[tuple[Any, ...]], Any]
    weigh: Callable[[tuple[Any, ...]], int] | None = None
    """How many objects a row is written as, where that is not always one."""
    empty: bool = False
    """Whether an empty list is written, which section 2 forbids and a client needs."""


def _manifest_record(row: tuple[Any, ...]) -> bytes:
    added, stix_type, stix_id, version = row
    return orjson.dumps(
        {
            "id": f"{stix_type}--{stix_id}",
            "date_added": stamp(added),
            "version": _version(version),
            "media_type": STIX,
        },
    )


def _version(version: datetime | str) -> str:
    """In Dépôt as the object's author wrote it, in views as we do."""
    return version if isinstance(version, str) else stamp(version)


# Sections 3.7 (envelope), 5.3.1 (manifest), 5.8.1 (versions).
OBJECTS = Shape("objects", ("body",), lambda row: row[1])


def manifest_of(source: Source) -> Shape:
    """How the manifest of a collection is written."""
    return Shape("objects", ("stix_type", "stix_id", source.version), _manifest_record)


def versions_of(source: Source) -> Shape:
    """How the versions of an object are written."""
    return Shape("versions", (source.version,), lambda row: orjson.dumps(_version(row[1])))


def page(source: Source, asked: Asked, shape: Shape) -> HttpResponse:
    """The answer to one request, oldest first."""
    rows = source.first(asked.filters, shape.columns, asked.limit + 1)
    kept = _fitting(rows, shape, asked.limit)
    more = len(rows) > kept
    del rows[kept:]
    head: dict[str, Any] = {"more": more}
    if more:
        head["next"] = next_token(source.collection, asked.filters, after=rows[-1][0], limit=asked.limit)
    response = sent(_written(head, shape, rows))
    if rows:
        _say_when(response, rows[0][0], rows[-1][0])
    return response


def _fitting(rows: list[tuple[Any, ...]], shape: Shape, limit: int) -> int:
    """How many of the rows make a page."""
    if shape.weigh is None:
        return min(len(rows), limit)
    objects = 0
    for number, row in enumerate(rows):
        objects += shape.weigh(row)
        if objects > limit:
            return number
    return len(rows)


def _written(head: dict[str, Any], shape: Shape, rows: list[tuple[Any, ...]]) -> bytes:
    opening = orjson.dumps(head)
    if not rows and not shape.empty:  # section 2: an empty list is left out
        return opening
    return b"".join(
        (opening[:-1], b',"', shape.key.encode(), b'":[', b",".join(shape.write(row) for row in rows), b"]}"),
    )


def _say_when(response: HttpResponse, first: datetime, last: datetime) -> None:
    response["X-TAXII-Date-Added-First"] = stamp(first)
    response["X-TAXII-Date-Added-Last"] = stamp(last)
