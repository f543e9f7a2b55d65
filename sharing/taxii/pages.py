"""One page of a collection: a keyset read by (view, date_added), written out without parsing what is stored.

No OFFSET and no COUNT: a page costs the same at the end of a million objects as at the beginning, and so does a poll
that finds nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from django.db.models import QuerySet
from django.http import HttpResponse, QueryDict

from iocmarket.kernel.clock import stamp
from iocmarket.publication.models import Entry, View
from sharing.taxii.answers import sent
from sharing.taxii.filters import Filters, read_filters, read_limit
from sharing.taxii.media import STIX
from sharing.taxii.tokens import next_token, read_token

# Clients that name no page size get the fewest requests.
MAX_PAGE = DEFAULT_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Asked:
    """One request for a page."""

    view: View
    filters: Filters
    limit: int

    @classmethod
    def of(cls, query: QueryDict, view: View) -> Asked:
        """Read the query. With `next`, everything but `limit` comes from the token. Raises Problem 400."""
        if "next" not in query:
            return cls(view, read_filters(query), read_limit(query, default=DEFAULT_PAGE, maximum=MAX_PAGE))
        filters, limit = read_token(view, query.get("next") or "")
        return cls(view, filters, read_limit(query, default=limit, maximum=MAX_PAGE))


@dataclass(frozen=True, slots=True)
class Shape:
    """What one endpoint tells of an entry: the columns that it needs (after `date_added`), and how it writes a row."""

    key: str
    columns: tuple[str, ...]
    write: Callable[[tuple[Any, ...]], Any]


def _manifest_record(row: tuple[Any, ...]) -> bytes:
    added, stix_type, stix_id, version = row
    return orjson.dumps(
        {
            "id": f"{stix_type}--{stix_id}",
            "date_added": stamp(added),
            "version": stamp(version),
            "media_type": STIX,
        },
    )


# Sections 3.7 (envelope), 5.3.1 (manifest), 5.8.1 (versions).
OBJECTS = Shape("objects", ("body",), lambda row: row[1])
MANIFEST = Shape("objects", ("stix_type", "stix_id", "version"), _manifest_record)
VERSIONS = Shape("versions", ("version",), lambda row: orjson.dumps(stamp(row[1])))


def page(entries: QuerySet[Entry], asked: Asked, shape: Shape) -> HttpResponse:
    """The answer to one request, oldest first. `entries` are those the viewer may read, in order."""
    found = asked.filters.applied(entries).values_list("date_added", *shape.columns)
    rows: list[tuple[Any, ...]] = list(found[: asked.limit + 1])
    more = len(rows) > asked.limit
    del rows[asked.limit :]
    head: dict[str, Any] = {"more": more}
    if more:
        head["next"] = next_token(asked.view, asked.filters, after=rows[-1][0], limit=asked.limit)
    response = sent(_written(head, shape, rows))
    if rows:
        _say_when(response, rows[0][0], rows[-1][0])
    return response


def _written(head: dict[str, Any], shape: Shape, rows: list[tuple[Any, ...]]) -> bytes:
    opening = orjson.dumps(head)
    if not rows:  # section 2: an empty list is left out
        return opening
    return b"".join(
        (opening[:-1], b',"', shape.key.encode(), b'":[', b",".join(shape.write(row) for row in rows), b"]}"),
    )


def _say_when(response: HttpResponse, first: datetime, last: datetime) -> None:
    response["X-TAXII-Date-Added-First"] = stamp(first)
    response["X-TAXII-Date-Added-Last"] = stamp(last)
