"""Walking the chain: is every event still what it was when it was sealed, and is none missing?

Whoever owns the database could write a whole new chain. Against that helps a head that is kept elsewhere: it is printed
at each verification, and a later one can be asked whether the chain still goes through it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from typing import NamedTuple

from django.db.models import Exists, Min, OuterRef

from iocmarket.audit.models import Event, Seal, Unsealed
from iocmarket.audit.origin import Origin, digest_of_origin
from iocmarket.audit.sealing import BEGIN, link
from iocmarket.kernel import clock

_CHUNK = 2000


class Break(NamedTuple):
    """Where the chain does not hold: `kind` is one of `changed`, `missing`, `origin` and `order`."""

    position: int
    event_id: int
    kind: str


@dataclass(slots=True)
class Report:
    """What was found."""

    length: int = 0
    head: bytes = BEGIN
    first: Break | None = None
    breaks: Counter[str] = field(default_factory=Counter)
    unsealed: int = 0
    unsealed_age: timedelta = timedelta()
    """Of the oldest event without a seal."""
    anchors: dict[str, bool] = field(default_factory=dict)
    """Of each head that was kept elsewhere, whether the chain goes through it."""

    @property
    def holds(self) -> bool:
        """Whether nothing was touched."""
        return not self.breaks and all(self.anchors.values())

    @property
    def anchor(self) -> str:
        """The head in the form in which it is kept elsewhere and given back."""
        return f"{self.length}:{self.head.hex()}"

    def note(self, position: int, event_id: int, kind: str) -> None:
        """One place where it does not hold."""
        self.first = self.first or Break(position, event_id, kind)
        self.breaks[kind] += 1


def verify(*anchors: str) -> Report:
    """Read everything and compare, also with heads that were kept elsewhere. Raises ValueError for what is no head."""
    kept = {read_anchor(anchor): anchor for anchor in anchors}
    report = Report(anchors={anchor: head == (0, BEGIN) for head, anchor in kept.items()})
    for seal, event in _pairs():
        _compare(report, seal, event)
        report.length, report.head = seal.position, bytes(seal.hash)
        if anchor := kept.get((report.length, report.head)):
            report.anchors[anchor] = True
    _look_at_the_tail(report)
    return report


def read_anchor(text: str) -> tuple[int, bytes]:
    """Position and hash. Raises ValueError."""
    position, _, digest = text.strip().partition(":")
    return int(position), bytes.fromhex(digest)


def _pairs() -> Iterator[tuple[Seal, Event | None]]:
    seals = Seal.objects.order_by("position").iterator(chunk_size=_CHUNK)
    while chunk := list(islice(seals, _CHUNK)):
        events = Event.objects.in_bulk([seal.event_id for seal in chunk])
        for seal in chunk:
            yield seal, events.get(seal.event_id)


def _compare(report: Report, seal: Seal, event: Event | None) -> None:
    if seal.position != report.length + 1 or bytes(seal.previous) != report.head:
        report.note(seal.position, seal.event_id, "order")
    if event is None:
        report.note(seal.position, seal.event_id, "missing")
    elif link(event, bytes(seal.previous)) != bytes(seal.hash):
        report.note(seal.position, seal.event_id, "changed")
    elif not _origin_holds(event):
        report.note(seal.position, seal.event_id, "origin")


def _origin_holds(event: Event) -> bool:
    """Forgotten wholly (docs/privacy.md) or still what it was."""
    if event.salt is None or event.origin is None:
        return event.salt is None and event.address is None and not event.client
    return digest_of_origin(Origin(event.address, event.client), bytes(event.salt)) == bytes(event.origin)


def _look_at_the_tail(report: Report) -> None:
    sealed = Seal.objects.filter(event_id=OuterRef("pk"))
    waiting = Event.objects.filter(~Exists(sealed))
    report.unsealed = waiting.count()
    if (oldest := waiting.aggregate(oldest=Min("at"))["oldest"]) is not None:
        report.unsealed_age = max(clock.now() - oldest, timedelta())
    gone = Unsealed.objects.filter(~Exists(Event.objects.filter(pk=OuterRef("event_id"))))
    for pk in gone.order_by("event_id").values_list("event_id", flat=True):
        report.note(0, pk, "missing")
