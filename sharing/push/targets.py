"""The two kinds of targets: what is sent to each, and how its answer is read.

A kind writes one piece after the other, so that a body can end before it is too long.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sharing.push.contents import Piece
from sharing.push.models import Delivery, Hook
from sharing.push.outcomes import Arrived

BODY_MAX = 10 * 1024 * 1024
"""Bytes of one request: what Elasticsearch and its relatives advise for `_bulk`, and more than receivers expect."""


class Target(ABC):
    """A kind of target."""

    media_type: str
    separator: bytes = b""

    @abstractmethod
    def part(self, piece: Piece) -> bytes:
        """What is said of one value; empty where the target cannot be told of it."""

    @abstractmethod
    def body(self, delivery: Delivery, parts: Sequence[bytes]) -> bytes:
        """The whole of it."""

    @abstractmethod
    def trial(self, moment: datetime) -> bytes:
        """A body of one piece that changes nothing at the target (trying.py)."""

    @abstractmethod
    def headers(self, hook: Hook, message: UUID, body: bytes, moment: datetime) -> dict[str, str]:
        """What proves that it is us. Raises DeliveryError."""

    @abstractmethod
    def read(self, status: int, headers: Mapping[str, str], body: bytes, pieces: int, moment: datetime) -> Arrived:
        """What the target answers to so many pieces. Raises DeliveryError when it has not taken them."""


def fitting(parts: Sequence[bytes], separator: bytes, most: int) -> int:
    """How many of the parts, from the first on, fit into one body; at least one."""
    length = 0
    for number, part in enumerate(parts):
        length += len(part) + len(separator)
        if length > most and number:
            return number
    return len(parts)
