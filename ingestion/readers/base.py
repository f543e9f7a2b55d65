"""What a reader gives back: the candidates of a text, in its order, accepted or refused, and nothing lost.

Readers are pure: text in, candidates out; no models, no settings, no network. What a candidate shows of the input
(`raw`) is fit to be stored and shown: no secret, no NUL, no half surrogate, and no more than RAW_LENGTH characters.
"""

from __future__ import annotations

import codecs
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from iocmarket.indicators.types.base import Canonical
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.registry import Registry

RAW_LENGTH = 500
"""Characters of the input that a candidate repeats; a longer piece ends in an ellipsis."""

_UNFIT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One value that a reader found: either a type and a canonical form, or the refusal with its reason."""

    line: int
    """The line of the input, the first being 1."""
    raw: str
    """The value as it was typed, secrets blanked."""
    type: str | None = None
    canonical: Canonical | None = None
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything a reader has to say about one input."""

    candidates: tuple[Candidate, ...] = ()
    lines_without_indicator: tuple[int, ...] = ()
    """Lines (not blank) that are no items: prose, comments, headings, rulers."""
    one_per_line: bool = False
    """Whether the input was taken for a list, of which each line must be an item."""


class Reader(ABC):
    """One input format. Subclasses are stateless; one instance is registered."""

    name: ClassVar[str]
    media_types: ClassVar[tuple[str, ...]]
    """The media types that mean this format, without parameters; the first is the usual one."""

    @abstractmethod
    def read(self, text: str) -> Reading:
        """The candidates of a text. Never raises on any text; `decoded` makes text of bytes."""


readers: Registry[Reader] = Registry("ingestion.readers")


@dataclass(frozen=True, slots=True)
class Row:
    """One indicator of a line of a file: what was written of it, or why nothing can be read there."""

    line: int
    """The line of the file on which it begins, the first being 1."""
    fields: Mapping[str, Any]
    """What was said, by the names of the API (`value`, `type`, `tlp`, …), secrets still in it; empty when refused."""
    raw: str = ""
    """The line as it may be shown; for a refused one."""
    refusal: Refusal | None = None


class RowReader(ABC):
    """A format of indicators line by line, read as it streams in: memory does not grow with the file."""

    name: ClassVar[str]
    media_types: ClassVar[tuple[str, ...]]
    """The media types that mean this format, without parameters; the first is the usual one."""
    suffixes: ClassVar[tuple[str, ...]] = ()
    """Endings of file names that mean it, with their dot, in lower case."""
    tabular: ClassVar[bool] = False
    """Whether it has columns, of which a sender may say what each is for."""

    @abstractmethod
    def rows(self, lines: Iterable[str], columns: Sequence[str] = ()) -> Iterator[Row]:
        """At least one row for each line that is not blank, in order; lines keep their ends.

        `columns`: the role of each column (headings.py), when the sender says it. Raises Refusal (with its line in
        `where`) for a file that cannot be understood as a whole.
        """


row_readers: Registry[RowReader] = Registry("ingestion.readers")


def decoded(data: bytes) -> str:
    """Text from bytes of unstated encoding: a byte order mark decides, then UTF-8, then Windows-1252 (French Excel)."""
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def shown(raw: str) -> str:
    """A piece of the input as a candidate may repeat it: see the head of this module."""
    if len(raw) <= RAW_LENGTH and raw.isprintable():
        return raw
    cut = raw if len(raw) <= RAW_LENGTH else raw[: RAW_LENGTH - 1] + "…"
    return _UNFIT.sub("\N{REPLACEMENT CHARACTER}", cut)
