"""The opaque `next` of a page: where it ended, and everything that was asked for.

The token carries the filters because clients drop them when they send it (Elastic, taxii2-client) or send them again
(OpenCTI); so they are read from the token and a repeated one is ignored. It holds no state of the server and can be
replayed after a lost answer. It is signed and bound to its collection: only a token that this server gave out for this
collection is taken.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.core import signing

from iocmarket.kernel.clock import MICROSECOND
from sharing.taxii.answers import bad_request
from sharing.taxii.filters import Filters

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# `~` needs no escaping in a query (RFC 3986 section 2.3) and never occurs in the two parts that it separates.
_SIGNER = signing.Signer(sep="~", salt="sharing.taxii.next.1")
_MAX_LENGTH = 8192


def next_token(collection: UUID, filters: Filters, *, after: datetime, limit: int) -> str:
    """The token of the page that begins after this `date_added`."""
    found: dict[str, Any] = {
        "c": collection.hex,
        "a": _number(after),
        "l": limit,
        "i": [f"{kind}--{uuid}" for kind, uuid in filters.ids],
        "t": filters.types,
        "s": filters.spec_versions,
        "v": [_number(version) for version in filters.versions],
        "k": filters.keywords,
    }
    return _SIGNER.sign_object({key: value for key, value in found.items() if value}, compress=True)


def read_token(collection: UUID, text: str) -> tuple[Filters, int]:
    """What the token asks for and its page size. Raises Problem 400 for any token that is not of this collection."""
    problem = bad_request("bad_next", "next is not a token that this collection gave out")
    if len(text) > _MAX_LENGTH:
        raise problem
    try:
        found = _SIGNER.unsign_object(text)
    except signing.BadSignature as error:
        raise problem from error
    if found["c"] != collection.hex:
        raise problem
    filters = Filters(
        after=_moment(found["a"]),
        ids=tuple((text.partition("--")[0], UUID(text.partition("--")[2])) for text in found.get("i", [])),
        types=tuple(found.get("t", [])),
        spec_versions=tuple(found.get("s", [])),
        versions=tuple(_moment(number) for number in found.get("v", [])),
        keywords=tuple(found.get("k", [])),
    )
    return filters, found["l"]


def _number(moment: datetime) -> int:
    return (moment - _EPOCH) // MICROSECOND


def _moment(number: int) -> datetime:
    return _EPOCH + timedelta(microseconds=number)
