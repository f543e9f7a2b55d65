"""An index of Elasticsearch or OpenSearch: the documents of the feed `elastic`, by the `_bulk` interface.

A document's identifier is the value's: sending one again writes over what is there, and what is withdrawn, expired or
hidden is deleted. The answer tells of each document; what the index refuses for good is counted and told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

import orjson

from sharing.feeds.formats.elastic import Elastic
from sharing.feeds.items import Unwritable
from sharing.push.contents import Piece
from sharing.push.credentials import authorization
from sharing.push.filters import item_of
from sharing.push.models import Delivery, Hook
from sharing.push.outcomes import TOO_MANY, Arrived, DeliveryError, raise_for
from sharing.push.targets import Target

_NOT_FOUND, _BAD, _FAULT = 404, 400, 500
_ERROR_MAX = 60
_FORMAT = Elastic()


class Bulk(Target):
    """One action, and a document where there is one, in lines of JSON."""

    media_type = "application/x-ndjson"

    def part(self, piece: Piece) -> bytes:
        """The document, or its deletion; nothing for a type for which the schema has no place."""
        if piece.type not in _carried():
            return b""
        if piece.row is None:
            return orjson.dumps({"delete": {"_id": str(piece.public_id)}}) + b"\n"
        try:
            return _FORMAT.line(item_of(piece.row), {}).encode()
        except Unwritable:
            return b""

    def body(self, delivery: Delivery, parts: Sequence[bytes]) -> bytes:
        """Line after line; the last one ends as the others do, which the interface insists on."""
        del delivery
        return b"".join(parts)

    def trial(self, moment: datetime) -> bytes:
        """The deletion of a document that is not there: the credential must open the index for writing."""
        del moment
        return orjson.dumps({"delete": {"_id": "iocmarket-test"}}) + b"\n"

    def headers(self, hook: Hook, message: UUID, body: bytes, moment: datetime) -> dict[str, str]:
        """The credential."""
        del message, body, moment
        return authorization(hook)

    def read(self, status: int, headers: Mapping[str, str], body: bytes, pieces: int, moment: datetime) -> Arrived:
        """One result for each action, in their order.

        A document that could not be taken for want of room is sent again, and with it all of them: that is harmless.
        """
        raise_for(status, headers, moment)
        results = _results(body)
        if len(results) != pieces:
            raise DeliveryError("not_bulk", status=status)
        refused: Counter[str] = Counter()
        for action, result in results:
            code = result["status"]
            if code == TOO_MANY or code >= _FAULT:
                raise DeliveryError("target_busy", status=code)
            if code >= _BAD and not (action == "delete" and code == _NOT_FOUND):
                refused[_kind_of(result)] += 1
        return Arrived(status, refused)


@cache
def _carried() -> frozenset[str]:
    return frozenset(kind.name for kind in _FORMAT.types())


def _results(body: bytes) -> list[tuple[str, dict[str, Any]]]:
    """Action and result of each item. Raises DeliveryError for anything that is not such an answer."""
    try:
        items = orjson.loads(body)["items"]
        found = [next(iter(item.items())) for item in items]
        sound = all(isinstance(result["status"], int) for _action, result in found)
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError, StopIteration) as error:
        raise DeliveryError("not_bulk") from error
    if not sound:
        raise DeliveryError("not_bulk")
    return found


def _kind_of(result: Mapping[str, Any]) -> str:
    """The name of an error: its reason may repeat the value."""
    error = result.get("error")
    kind = str(error.get("type", "")) if isinstance(error, dict) else ""
    return kind[:_ERROR_MAX] if kind.isascii() and kind.isprintable() and kind else "unknown"
