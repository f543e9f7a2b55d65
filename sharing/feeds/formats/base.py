"""What a feed format declares, and the registry of formats.

A format writes one value at a time, so that a value which it cannot write is counted and nothing else suffers. It is
pure: values in, bytes out; it reads no model, no setting and no clock.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from iocmarket.indicators.types.base import IocType, Trait, ioc_types
from iocmarket.kernel.marking import Marking, strictest
from iocmarket.kernel.registry import Registry
from sharing.feeds.items import Item, Meta, Unwritable


class Mode(StrEnum):
    """What a consumer does with a feed (domain.md, PAP): look in silence, or act so that an attacker may notice."""

    DETECT = "detect"
    BLOCK = "block"


NAMED = 1000
"""So many of the values that were left out are named to who asks why."""
TOGETHER = 2000
"""Lines that are written at once."""

REASONS: dict[str, str | Promise] = {
    "name_too_long": _("with the name of the zone, the name is longer than DNS allows"),
    "not_a_dns_name": _("it cannot be written as a DNS name"),
    "not_one_line": _("it has characters that would break the line"),
    "not_http": _("only addresses of web pages can be matched in web traffic"),
}
"""Why a format left a value out; the guard's reasons are in iocmarket.indicators.guard."""


@dataclass(frozen=True, slots=True)
class Lines:
    """The written lines of some values, and what could not be written."""

    body: bytes
    count: int
    skipped: Counter[str]
    left_out: tuple[tuple[Item, str], ...]


@dataclass(slots=True)
class Tally:
    """What is known of a feed once its lines are written: counts, labels, and what was left out."""

    count: int = 0
    strictest: Marking | None = None
    skipped: Counter[str] = field(default_factory=Counter)
    named: list[tuple[Item, str]] = field(default_factory=list)
    """The first that were left out; `skipped` counts them all."""

    def take(self, item: Item) -> None:
        """A value was written."""
        self.count += 1
        if self.strictest is None or not item.marking.within(self.strictest):
            self.strictest = strictest([item.marking, self.strictest or item.marking])

    def leave(self, item: Item, reason: str) -> None:
        """A value was left out."""
        self.skipped[reason] += 1
        if len(self.named) < NAMED:
            self.named.append((item, reason))


class Format(ABC):
    """What every format has. Use LineFormat for formats of values, ObjectFormat for formats of whole objects."""

    name: ClassVar[str]
    """Its name in the path `/feeds/<name>`."""
    label: ClassVar[str | Promise]
    media_type: ClassVar[str]
    extension: ClassVar[str]
    mode: ClassVar[Mode]
    """A format that cannot carry the marking of each value is BLOCK, whatever its consumer does."""
    accepts: ClassVar[frozenset[Trait]]
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    """Options of its own: name → permitted values, the default first."""
    separator: ClassVar[bytes] = b""

    def types(self) -> list[IocType]:
        """The registered types that it carries: a new type with an accepted trait comes by itself."""
        return [kind for kind in ioc_types if kind.traits & self.accepts]

    def header(self, meta: Meta) -> bytes:
        """What stands before the first line."""
        del meta
        return b""

    def footer(self, meta: Meta) -> bytes:
        """What stands after the last line."""
        del meta
        return b""

    def document(self, lines: bytes, meta: Meta) -> bytes:
        """A whole feed of these lines or joined objects, which `meta` tells of."""
        return b"".join((self.header(meta), lines, self.footer(meta)))


class LineFormat(Format):
    """A format that writes values, each on its own."""

    numbered: ClassVar[bool] = False
    """Whether its lines need a rule number (`Item.sid`)."""
    plain: ClassVar[bool] = False
    """Whether its lines say nothing of a value but itself and whether its sub-names are meant.

    What else is known of a million values is then not read: dates, threat types and institutions of an item mean
    nothing. A contract test holds a format to it.
    """

    @abstractmethod
    def line(self, item: Item, options: Mapping[str, str]) -> str:
        """The line or lines of one value, each ended by a line feed. Raises Unwritable with a key of REASONS."""

    def written(self, items: Iterable[Item], options: Mapping[str, str], tally: Tally) -> Iterator[bytes]:
        """The lines of all values in their order, without the ones that cannot be written, some thousand at a time."""
        lines: list[str] = []
        for item in items:
            try:
                lines.append(self.line(item, options))
            except Unwritable as refused:
                tally.leave(item, refused.reason)
                continue
            tally.take(item)
            if len(lines) == TOGETHER:
                yield "".join(lines).encode()
                lines.clear()
        yield "".join(lines).encode()

    def lines(self, items: Iterable[Item], options: Mapping[str, str]) -> Lines:
        """The same at once, of few values: for tests and previews."""
        tally = Tally()
        body = b"".join(self.written(items, options, tally))
        return Lines(body, tally.count, tally.skipped, tuple(tally.named))

    def render(self, items: Iterable[Item], meta: Meta) -> bytes:
        """A whole feed of few values: for tests and previews."""
        return self.document(self.lines(items, self.filled(meta.options)).body, meta)

    def filled(self, given: Mapping[str, str]) -> dict[str, str]:
        """The format's options with the defaults of those that are not given."""
        return {name: given.get(name, permitted[0]) for name, permitted in self.options.items()}


class ObjectFormat(Format):
    """A format that carries stored objects as they were published, byte for byte."""

    def joined(self, bodies: Iterable[bytes]) -> Lines:
        """A few objects in their order: for tests and previews."""
        listed = list(bodies)
        return Lines(self.separator.join(listed), len(listed), Counter(), ())


formats: Registry[Format] = Registry("sharing.feeds.formats")


def comments(prefix: str, meta: Meta, *more: str) -> bytes:
    """Comment lines that say what the feed is: same words in every format that has comments."""
    listed = [
        f"{meta.name}: {meta.public_url}",
        f"Values: {meta.count}. Changed: {meta.changed:%Y-%m-%dT%H:%M:%SZ}. Serial: {meta.serial}.",
        *([f"Strictest marking: {meta.strictest}. Do not pass this list on beyond it."] if meta.strictest else []),
        *more,
    ]
    return "".join(f"{prefix} {_one_line(text)}\n" for text in listed).encode()


def _one_line(text: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in text)
