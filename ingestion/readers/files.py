"""Formats that are read as whole files, mails, spreadsheets, exports of other tools: what their readers share.

A reader of files is pure: a file in, items out, in their order, each with its place; nothing is lost and nothing that
must not be stored (a password, the recipient of a mail) is in what it gives back. Hostile files are met with caps, and
the refusal names the cap.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, ClassVar, Protocol

from ingestion.readers.base import Candidate, Row
from iocmarket.api.bodies import loads
from iocmarket.indicators.guard import Network
from iocmarket.kernel.marking import Marking
from iocmarket.kernel.registry import Registry

MIB = 1024 * 1024


class Origin(Enum):
    """Whose words a file holds: what another one marked AMBER or stricter stays own (domain.md, Marking)."""

    NAMED = "named"
    """The sender's, unless the file names another originator."""
    OTHER = "other"
    """Another one's, unless the file names the sender: it comes from another server."""
    PERMITTED = "permitted"
    """The sender is the source, or has its permission."""

    def is_foreign(self, name: object, *, own: bool) -> bool:
        """Whether what names this originator (nothing, when it names none) is another's; `own`: it is the sender."""
        if self is Origin.PERMITTED or own:
            return False
        return self is Origin.OTHER or bool(name)


class Source(Protocol):
    """A file on its way in; how it is kept is its owner's affair."""

    @property
    def size(self) -> int:
        """Bytes."""

    def read(self) -> bytes:
        """All of it."""

    def lines(self) -> Iterator[str]:
        """Its lines as text, with their ends, as they stream. Raises for what is no text."""


@dataclass(frozen=True, slots=True)
class FileContext:
    """What a file is read with."""

    sender: str
    """The name of the institution that sends it."""
    default: Marking
    """What an item without a marking carries."""
    moment: datetime
    """The present, in UTC."""
    columns: tuple[str, ...] = ()
    """Of a table: the role of each column (headings.py), when the sender says it."""
    hints: frozenset[str] = frozenset({"threat_type", "comment"})
    """What the sender has not said, so that the words around a value may say it, by the API's names."""
    own: Callable[[], tuple[Network, ...]] = tuple
    """The verified networks of that institution; asked by those that must tell its machines from the others."""
    origin: Origin = Origin.NAMED


@dataclass(frozen=True, slots=True)
class Told:
    """A value that a reader has recognised (or refused) itself, and what the file says of it, by the API's names."""

    candidate: Candidate
    said: Mapping[str, Any] = field(default_factory=dict)
    story: int | None = None
    """In a file of several reports, which of `Opened.stories` the value is told in; None for none of them."""


@dataclass(frozen=True, slots=True)
class Stolen:
    """An account that was stolen from its owner: no indicator (domain.md), and nothing of it is an item's."""

    line: int
    account: str = field(default="", repr=False)
    """As its owner logs in; empty when that could not be told from the password."""
    service: str = field(default="", repr=False)
    """The host at which it is used, if that was said."""
    day: str = ""
    """When it was stolen, in ISO 8601; empty when unknown."""


@dataclass(frozen=True, slots=True)
class Tale:
    """The report that a file makes of its items: a mail, an event, a document."""

    title: str
    description: str = ""
    said: Mapping[str, Any] = field(default_factory=dict)
    """Its own marking and audience, by the API's names; for the rest the defaults of the submission hold."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What a file says. `items` may be lazy, and is consumed once; it may raise Refusal while it is."""

    items: Iterable[Row | Told | Stolen]
    tale: Tale | None = None
    """The one report around all items."""
    silent: tuple[int, ...] = ()
    """Places (lines, or objects, the first being 1) from which nothing is taken, and which are no items."""
    stories: tuple[Tale, ...] = ()
    """Instead of `tale`: several reports, each around the items that name it; an item of two reports is two items."""


class FileReader(ABC):
    """One format of whole files. Subclasses are stateless; one instance is registered."""

    name: ClassVar[str]
    """Also the word of `?format=` and of `submit --format`."""
    media_types: ClassVar[tuple[str, ...]] = ()
    """The media types that mean this format and no other, without parameters; the first is the usual one."""
    carriers: ClassVar[tuple[str, ...]] = ()
    """General media types (`application/json`) in which it comes too, when `?format=` names it."""
    suffixes: ClassVar[tuple[str, ...]] = ()
    """Endings of file names that mean it, with their dot, in lower case."""
    size_max: ClassVar[int]
    """Bytes of the longest file that is read."""
    tabular: ClassVar[bool] = False
    """Whether it holds tables, of whose columns a sender may say what each is for."""

    def is_mine(self, head: bytes) -> bool:  # noqa: ARG002 (for those that can tell)
        """Whether the first 4 KiB of a file of a general ending (.json, .xml, .txt) are unmistakably of this format."""
        return False

    @abstractmethod
    def opened(self, source: Source, context: FileContext) -> Opened:
        """What the file says. Raises Refusal (`where`: line, page, sheet or JSON Pointer) for what is not readable."""


def document_in(source: Source) -> Any:
    """The JSON of a file, as strictly as the API reads its own. Raises Problem 400 with the place of the fault."""
    return loads(source.read())


file_readers: Registry[FileReader] = Registry("ingestion.readers")
