"""Lists of lines that are written again only where something changed (ADR 0066).

A list is cut into stretches of some thousand values. Beside its file stands another that says what each stretch
holds: where it begins, which indicators, how many bytes, what was counted. After a publication the stretches of the
indicators that were published are made anew, and everything else is copied from the file before.

Only publications are followed like this: whatever else a list may follow from (the hour, assets, what is contested,
policies, which views are read) is in `Request._access`, and makes a new list of all.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import BinaryIO

import orjson
from django.db import transaction

from iocmarket.indicators.models import Indicator
from iocmarket.kernel.clock import MICROSECOND
from iocmarket.kernel.marking import PAP, TLP, Marking, strictest
from iocmarket.publication.models import Entry
from sharing.feeds import blobs
from sharing.feeds.blobs import PIECE, Blob
from sharing.feeds.formats.base import LineFormat, Tally
from sharing.feeds.items import Place
from sharing.feeds.options import Options
from sharing.feeds.policy import Policy
from sharing.feeds.readable import Readable
from sharing.feeds.selection import Judged, judged, numbered
from sharing.feeds.state import Content

SIZE = 1000
"""Values in one stretch; one that grew to twice as many is cut again."""
MANY = 5000
"""Indicators that may have changed in one view: beyond, all is written anew."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Stretch:
    """Values in a row, some of which may have no line."""

    first: Place
    size: int
    """Bytes of its lines."""
    last: int
    """Bytes of those of its lines that come after all others (`LineFormat.farewells_last`)."""
    count: int
    labels: Marking | None
    reasons: dict[str, int]
    pks: array[int]


@dataclass(frozen=True, slots=True)
class Before:
    """The content that is there, and up to where its views were read then."""

    content: Content
    heads: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class _Made:
    """A stretch with its lines."""

    stretch: Stretch
    lines: bytes
    last: bytes


def suits(fmt: LineFormat, options: Options, policy: Policy) -> bool:
    """Whether a list can be written in stretches: not where values compete for room, nor where tags decide."""
    bounded = (options.limit, fmt.most(options.own), policy.cap) != (None, None, None)
    return fmt.in_stretches(options.own) and not bounded and not policy.tags


@dataclass(frozen=True, slots=True)
class Writing:
    """One list."""

    readable: Readable
    fmt: LineFormat
    options: Options
    policy: Policy

    def content(self, before: Before | None) -> Content:
        """What the list says now, written where it must be. `before` differs by nothing but publications."""
        with transaction.atomic():  # the cursor lives in it
            found = self._renewed(before) if before is not None else None
            return found or self._anew()

    def _anew(self) -> Content:
        stretches: list[Stretch] = []

        def pieces() -> Iterator[bytes]:
            last: list[bytes] = []
            for group in self._cut(self._judged()):
                made = self._made(group)
                stretches.append(made.stretch)
                last.append(made.last)
                yield made.lines
            yield from last

        return _content(blobs.write(pieces()), stretches)

    def _renewed(self, before: Before) -> Content | None:
        """With what was published since; None when that is too much, or when a file is missing."""
        try:
            held = _read(before.content.stretches)
            changed = self._changed(before.heads)
            affected = None if changed is None else self._affected(held, changed)
            if affected is None or len(affected) > len(held) // 2 + 1:
                return None
            plan = [self._again(stretch, affected[n]) if n in affected else stretch for n, stretch in enumerate(held)]
            return _content(blobs.write(_pieces(before.content.blobs, held, plan)), _planned(plan))
        except FileNotFoundError:
            return None

    def _changed(self, heads: Mapping[int, int]) -> set[int] | None:
        """The indicators of which one of the views has another version than then; None for too many."""
        found: set[int] = set()
        carried = [kind.name for kind in self.fmt.carried(self.options.own)]
        for pk, head in self.readable.heads().items():
            if head != heads.get(pk):
                after = _EPOCH + heads.get(pk, 0) * MICROSECOND
                newer = Entry.objects.filter(view=pk, date_added__gt=after, indicator__type__in=carried)
                found.update(newer.values_list("indicator_id", flat=True)[: MANY + 1])
        return found if len(found) <= MANY else None

    def _affected(self, held: list[Stretch], changed: set[int]) -> dict[int, set[int]] | None:
        """The places of the stretches that hold or get one of these, with those they get; None without a stretch."""
        found: dict[int, set[int]] = {}
        known: set[int] = set()
        for n, stretch in enumerate(held):
            if meant := changed.intersection(stretch.pks):
                found[n] = set()
                known |= meant
        firsts = [stretch.first for stretch in held]
        for pk, place in self._places(changed - known):
            n = max(bisect_right(firsts, place) - 1, 0)
            if n + 1 < len(firsts) and not self.fmt.apart(place, firsts[n + 1]):
                n += 1
            found.setdefault(n, set()).add(pk)
        return found if held else None

    def _places(self, pks: Collection[int]) -> Iterator[tuple[int, Place]]:
        rows = Indicator.unscoped.filter(pk__in=pks).values_list("pk", "type", "reversed_name", "value")
        for pk, kind, reversed_name, value in rows if pks else ():
            under = reversed_name if self.fmt.nested else None
            yield pk, Place(kind, under is None, under or "", value)

    def _again(self, stretch: Stretch, more: Collection[int]) -> list[_Made]:
        values = list(self._judged(only={*stretch.pks, *more}))
        groups = self._cut(values) if len(values) > 2 * SIZE else [values] if values else []
        return [self._made(group) for group in groups]

    def _judged(self, *, only: Collection[int] | None = None) -> Iterator[Judged]:
        return judged(self.readable, self.fmt, self.options, self.policy, only=only)

    def _cut(self, values: Iterable[Judged]) -> Iterator[list[Judged]]:
        group: list[Judged] = []
        for value in values:
            if len(group) >= SIZE and self.fmt.apart(group[-1].place, value.place):
                yield group
                group = []
            group.append(value)
        if group:
            yield group

    def _made(self, group: list[Judged]) -> _Made:
        tally = Tally()
        for value in group:
            if value.left_out is not None:
                tally.leave(*value.left_out)
        items = list(numbered(self.fmt, ((value.item, value.pk) for value in group if value.item is not None)))
        last = [item for item in items if item.gone] if self.fmt.farewells_last else []
        here = [item for item in items if not item.gone] if last else items
        lines = b"".join(self.fmt.written(here, self.options.own, tally))
        farewells = b"".join(self.fmt.written(last, self.options.own, tally)) if last else b""
        pks = array("q", (value.pk for value in group))
        place, sizes = group[0].place, (len(lines), len(farewells))
        return _Made(Stretch(place, *sizes, tally.count, tally.strictest, dict(tally.skipped), pks), lines, farewells)


def _planned(plan: Iterable[Stretch | list[_Made]]) -> list[Stretch]:
    found: list[Stretch] = []
    for part in plan:
        found += [part] if isinstance(part, Stretch) else [made.stretch for made in part]
    return found


def _pieces(old: tuple[Blob, ...], held: list[Stretch], plan: list[Stretch | list[_Made]]) -> Iterator[bytes]:
    """The lines of all stretches and then those that come last, copied where nothing changed."""
    with ExitStack() as stack:
        opened = blobs.opened([blob.path for blob in old], stack)
        at = 0
        for stretch, part in zip(held, plan, strict=True):
            if isinstance(part, Stretch):
                yield from _copied(opened, at, part.size)
            else:
                yield from (made.lines for made in part)
            at += stretch.size
        for stretch, part in zip(held, plan, strict=True):
            if isinstance(part, Stretch):
                yield from _copied(opened, at, part.last)
            else:
                yield from (made.last for made in part)
            at += stretch.last


def _copied(opened: list[BinaryIO], at: int, size: int) -> Iterator[bytes]:
    """So many bytes of the one file of a list; an empty one has none. Raises FileNotFoundError for a shorter file."""
    if size:
        opened[0].seek(at)
    while size:
        piece = opened[0].read(min(size, PIECE))
        if not piece:
            raise FileNotFoundError("a file of a feed is shorter than it was")
        size -= len(piece)
        yield piece


def _content(blob: Blob, stretches: list[Stretch]) -> Content:
    reasons: Counter[str] = Counter()
    for stretch in stretches:
        reasons.update(stretch.reasons)
    labels = [stretch.labels for stretch in stretches if stretch.labels is not None]
    count = sum(stretch.count for stretch in stretches)
    told = (blob,) if blob.size else ()
    skipped, worst = reasons.total(), strictest(labels) if labels else None
    return Content(told, count, skipped, worst, reasons, _kept(stretches))


def _kept(stretches: list[Stretch]) -> Blob:
    """One line of JSON, then the indicators of all, eight bytes each."""
    document = [
        [*s.first, s.size, s.last, s.count, s.labels and [s.labels.tlp, s.labels.pap], s.reasons, len(s.pks)]
        for s in stretches
    ]
    return blobs.write([orjson.dumps(document) + b"\n", *(s.pks.tobytes() for s in stretches)])


def _read(blob: Blob | None) -> list[Stretch]:
    """The inverse. Raises FileNotFoundError."""
    if blob is None:
        return []
    found: list[Stretch] = []
    with blob.path.open("rb") as file:
        for *first, size, last, count, labels, reasons, number in orjson.loads(file.readline()):
            pks = array("q")
            pks.frombytes(file.read(number * pks.itemsize))
            marking = None if labels is None else Marking(TLP(labels[0]), PAP(labels[1]))
            found.append(Stretch(Place(*first), size, last, count, marking, reasons, pks))
    return found
