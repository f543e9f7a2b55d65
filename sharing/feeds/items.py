"""What formats are given: lines to write and what to say of the whole. Pure, so that a format can be tested alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from iocmarket.indicators.types.base import Trait
from iocmarket.kernel.marking import Marking


@dataclass(slots=True, kw_only=True)
class Item:
    """One value over all views of a viewer: the strictest labels, the highest score, everything that was said.

    Never changed once made; not frozen, which would triple what making one costs, and a feed may have a million.
    """

    public_id: UUID | str
    type: str
    value: str
    traits: frozenset[Trait]
    marking: Marking
    score: float
    threat_types: tuple[str, ...]
    subtree: bool
    first_seen: datetime
    last_seen: datetime
    valid_until: datetime
    institutions: int
    changed: datetime
    """When the newest of its entries became what it is."""
    sid: int | None = None
    """The first of its Suricata rule numbers, in formats that ask for numbers."""
    gone: bool = False
    """Whether it has left: its consumer is to drop it. Told to formats with `farewells` alone."""


class Place(NamedTuple):
    """Where the lines of a value stand: places compare as the database orders them (the collation `C`)."""

    type: str
    nameless: bool
    under: str
    """Of formats whose names come by their labels from the top: `fr.evil.www.`."""
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Meta:
    """What a format may say of the feed as a whole. Nothing in it depends on when it was asked for."""

    name: str
    """The community's name."""
    public_url: str
    serial: int
    """Rises at each change of the content; the Unix time of the change, or later."""
    changed: datetime
    count: int
    strictest: Marking | None
    """The strictest labels among the lines; None for an empty feed."""
    content: bytes = b""
    """The digest of all lines or objects: equal for equal contents."""
    options: Mapping[str, str] = field(default_factory=dict)
    """The format's own options, every one of them with its value."""


class Unwritable(Exception):  # noqa: N818 (an outcome that is counted, not a fault)
    """A value that this format cannot write. `reason` is a key of `formats.base.REASONS`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
