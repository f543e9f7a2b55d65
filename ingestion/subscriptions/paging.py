"""What the two protocols have in common: pages of units, and a cursor from which the next page is asked for.

A cursor moves when everything of its page is stored, in the same transaction as the last of it: whatever ends a turn,
the next one asks for the same page again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ingestion.subscriptions.asking import Access, PullError

Cursor = dict[str, Any]
TOO_LARGE = "net_large"


@dataclass(frozen=True, slots=True)
class Unit:
    """What becomes one submission: an event, or the objects of a page."""

    reader: str
    """The name of the reader of files that reads it."""
    document: Mapping[str, Any] = field(repr=False)
    key: bytes = b""
    """Of what is told of again and again, its digest; empty for what a server tells once."""
    version: bytes = b""
    """Another one means that it changed."""


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of the server. `more`: whether to ask on at once."""

    units: Sequence[Unit]
    cursor: Cursor
    more: bool
    unread: str = ""
    """Why one unit of it could not even be fetched; the cursor leads past it."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a subscription asks for, whatever the protocol."""

    access: Access
    types: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    published: bool = True
    since: str = ""
    """The earliest moment, in ISO 8601 with Z."""
    since_epoch: int = 0
    """The same in seconds."""


Ask = Callable[[Wish, Cursor], Page]
"""Asks for the page at a cursor; an empty one is the beginning. Raises PullError."""


def fewer(limit: int, error: PullError) -> int:
    """How many to ask for after a page was too large. Raises the error again when it was about one alone."""
    if error.code != TOO_LARGE or limit <= 1:
        raise error
    return max(1, limit // 5)
