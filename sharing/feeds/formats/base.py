"""What a feed format declares, and the registry of formats.

A format writes one value at a time, so that a value which it cannot write is counted and nothing else suffers. It is
pure: values in, bytes out; it reads no model, no setting and no clock.
"""

from __future__ import annotations

import unicodedata
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar

from django.core.exceptions import ImproperlyConfigured
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from iocmarket.indicators.types.base import IocType, Trait, ioc_types
from iocmarket.kernel.marking import Marking, strictest
from iocmarket.kernel.registry import Registry
from sharing.feeds.items import Item, Meta, Place, Unwritable
from sharing.feeds.recipes import Recipe as Recipe  # noqa: PLC0414 (formats find what they need here)
from sharing.feeds.recipes import fetch as fetch  # noqa: PLC0414


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
    "same_entry": _("its consumer cannot tell it from another value that it has already"),
    "rule_refused": _("the rule does not load beside others, or decides over them"),
    "not_matched": _("its consumer never sees such a value as it stands here"),
    "not_http": _("only addresses of web pages can be matched in web traffic"),
    "covered": _("another entry of the list already covers it"),
    "entry_too_long": _("it is longer than an entry of such a list may be"),
    "list_full": _("its readers load no longer list"),
    "wildcard": _("it has characters that its readers take for wildcards"),
    "rewritten": _("its readers rewrite it before they compare it"),
    "formula": _("a spreadsheet would run it as a formula"),
    "exact_name": _("the list is one of registered names whose sub-names are meant"),
    "third_party": _("its PAP does not permit that a third party learns of it"),
    "part_of_an_octet": _("its readers know networks only by whole octets"),
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
        self.mark(item)

    def mark(self, item: Item) -> None:
        """The feed speaks of a value, which it does not count."""
        if self.strictest is None or not item.marking.within(self.strictest):
            self.strictest = strictest([item.marking, self.strictest or item.marking])

    def leave(self, item: Item, reason: str) -> None:
        """A value was left out."""
        self.skipped[reason] += 1
        if len(self.named) < NAMED:
            self.named.append((item, reason))


@dataclass(frozen=True, slots=True)
class Free:
    """An option whose values cannot be listed; without one it is empty."""

    read: Callable[[str], str]
    """The canonical spelling of what was given. Raises ValueError with a sentence."""
    example: str


class Format(ABC):
    """What every format has. Use LineFormat for formats of values, ObjectFormat for formats of whole objects."""

    name: ClassVar[str]
    """Its name in the path `/feeds/<name>`: one word, or two with a slash between them (`suricata/datasets`)."""
    label: ClassVar[str | Promise]
    media_type: ClassVar[str]
    extension: ClassVar[str]
    mode: ClassVar[Mode]
    """A format that cannot carry the marking of each value is BLOCK, whatever its consumer does."""
    accepts: ClassVar[frozenset[Trait]]
    also: ClassVar[frozenset[str]] = frozenset()
    """Types that it carries besides, by name: what one consumer can match and others cannot (`ja3`)."""
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    """Options of its own: name → permitted values, the default first."""
    recipes: ClassVar[tuple[Recipe, ...]]
    """What a member pastes into each tool that reads it; at least one."""
    free: ClassVar[Mapping[str, Free]] = {}
    """Options of its own whose values cannot be listed."""
    separator: ClassVar[bytes] = b""

    def check(self, options: Mapping[str, str]) -> None:
        """Whether its own options, each of them valid, go together. Raises ValueError with a sentence."""
        del options

    def types(self) -> list[IocType]:
        """The registered types that it carries: a new type with an accepted trait comes by itself."""
        return [kind for kind in ioc_types if kind.traits & self.accepts or kind.name in self.also]

    def carried(self, options: Mapping[str, str]) -> list[IocType]:
        """Those of them that are meant with these options of its own: fewer where its consumer loads several files.

        An option of its own that is called `type` stands for the common one of that name.
        """
        del options
        return self.types()

    def most(self, options: Mapping[str, str]) -> int | None:
        """So many values its consumers load, if `limit` does not say how many: the highest scores, not the first."""
        del options
        return None

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

    nested: ClassVar[bool] = False
    """Whether names come by their labels from the top, so that what is above comes before what is below."""
    numbered: ClassVar[bool] = False
    """Whether its lines need a rule number (`Item.sid`)."""
    plain: ClassVar[bool] = False
    """Whether its lines say nothing of a value but itself and whether its sub-names are meant.

    What else is known of a million values is then not read: dates, threat types and institutions of an item mean
    nothing. A contract test holds a format to it.
    """
    farewells: ClassVar[bool] = False
    """Whether it also tells which values have left (`farewell`): for consumers that keep what they once loaded."""
    farewells_last: ClassVar[bool] = False
    """Whether those come after all others."""

    @abstractmethod
    def line(self, item: Item, options: Mapping[str, str]) -> str:
        """The line or lines of one value, each ended by a line feed. Raises Unwritable with a key of REASONS."""

    def farewell(self, item: Item, options: Mapping[str, str]) -> str:
        """What makes the consumer drop a value that has left (`Item.gone`). Only with `farewells`.

        Of a withdrawn value no more is known than itself, its labels and when it left. Raises Unwritable for one that
        was never written.
        """
        raise NotImplementedError

    def in_stretches(self, options: Mapping[str, str]) -> bool:
        """Whether the lines of values in a row can be written without the others, so that a change costs little.

        A format whose values know of each other says so itself; `apart` then tells how far they do.
        """
        del options
        own = type(self)
        return (own.written, own.entry, own.writer) == (LineFormat.written, LineFormat.entry, LineFormat.writer)

    def apart(self, one: Place, other: Place) -> bool:
        """Whether nothing up to the one place has a say in what is written from the other one on, its neighbour."""
        del one, other
        return True

    def writer(self, options: Mapping[str, str]) -> Callable[[Item], str]:
        """What writes the lines of one whole feed: for formats whose values must know of each other."""
        return lambda item: self.line(item, options)

    def entry(self, item: Item, options: Mapping[str, str]) -> str:
        """What its consumer takes for one and the same entry; empty where no two values are one for it.

        For consumers that do not tell `http://x/` from `https://x/`, or `A.exe` from `a.exe`: the first is written.
        """
        del item, options
        return ""

    def written(self, items: Iterable[Item], options: Mapping[str, str], tally: Tally) -> Iterator[bytes]:
        """The lines of all values in their order, without the ones that cannot be written, some thousand at a time."""
        lines: list[str] = []
        write = self.writer(options)
        entries: set[int] = set()  # digests of 64 bits: of a million entries two are alike once in forty million feeds
        for item in items:
            try:
                text = self.farewell(item, options) if item.gone else write(item)
                if entry := self.entry(item, options):
                    _once(hash(entry), entries, gone=item.gone)
                lines.append(text)
            except Unwritable as refused:
                if not item.gone:
                    tally.leave(item, refused.reason)
                continue
            tally.mark(item) if item.gone else tally.take(item)
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
        defaults = {name: permitted[0] for name, permitted in self.options.items()} | dict.fromkeys(self.free, "")
        return {name: given.get(name, default) for name, default in defaults.items()}


def _once(entry: int, entries: set[int], *, gone: bool) -> None:
    """Note an entry. Raises Unwritable(`same_entry`) for one that stands already; what has left takes no place."""
    if entry in entries:
        raise Unwritable("same_entry")
    if not gone:
        entries.add(entry)


class ObjectFormat(Format):
    """A format that carries stored objects as they were published, byte for byte."""

    def joined(self, bodies: Iterable[bytes]) -> Lines:
        """A few objects in their order: for tests and previews."""
        listed = list(bodies)
        return Lines(self.separator.join(listed), len(listed), Counter(), ())


class FolderFormat(LineFormat):
    """A format of several files below one address, which change one by one: for saved feeds alone.

    Its lines name the values that are in the folder, and those that have left it; nobody is sent them. Whoever
    registers one in `folders` writes and serves its files.
    """

    extension = ""
    farewells = True
    first: ClassVar[str]
    """The name of the file that a consumer asks for first, and that tells it of the others."""

    def line(self, item: Item, options: Mapping[str, str]) -> str:
        """The value's public id."""
        del options
        return f"{item.public_id}\n"

    def farewell(self, item: Item, options: Mapping[str, str]) -> str:
        """The same of one that has left, behind a minus sign."""
        del options
        return f"-{item.public_id}\n"

    @abstractmethod
    def opening(self, viewer: Any, feed: Any, options: Any) -> bytes:
        """That file, for who tries a saved feed; `feed` as services.py has it, `options` as options.py."""


class Formats(Registry[Format]):
    """The registered formats. One that does not say what it is, or what its consumer does, stops the program."""

    DECLARED = ("name", "label", "media_type", "extension", "mode", "accepts", "recipes")

    def register(self, item: Format) -> Format:
        """See Registry. Raises ImproperlyConfigured."""
        if missing := [name for name in self.DECLARED if not hasattr(item, name)]:
            raise ImproperlyConfigured(f"the feed format {type(item).__name__} does not declare {', '.join(missing)}")
        return super().register(item)


formats = Formats("sharing.feeds.formats")
folders: dict[str, FolderFormat] = {}
"""By name. Houses above add theirs when they are ready."""


def format_named(name: str) -> Format | None:
    """What a saved feed may be of: a format, or one of several files."""
    return formats.get(name) or folders.get(name)


def every_format() -> list[Format]:
    """All of these, by name."""
    return sorted([*formats, *folders.values()], key=lambda fmt: fmt.name)


def comments(prefix: str, meta: Meta, *more: str) -> bytes:
    """Comment lines that say what the feed is: same words in every format that has comments, and plain ASCII.

    Firewalls refuse a whole list for one letter beyond it, even in a comment.
    """
    listed = [
        f"{meta.name}: {meta.public_url}",
        f"Values: {meta.count}. Changed: {meta.changed:%Y-%m-%dT%H:%M:%SZ}. Serial: {meta.serial}.",
        *([f"Strictest marking: {meta.strictest}. Do not pass this list on beyond it."] if meta.strictest else []),
        *more,
    ]
    return "".join(f"{prefix} {_one_line(text)}\n" for text in listed).encode()


def _one_line(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return "".join(letter if letter.isprintable() else " " for letter in plain)
