"""What a layout is given and what it says. A layout reads names and the collector's own small tables, no artefact."""

from __future__ import annotations

import csv
import json
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from ingestion.evidence.containers.base import Item

TABLE_BYTES = 64 << 20
"""How much of a collector's table is read: a million files."""
OF_THE_COLLECTOR = {"of": "collector"}
"""Marks what the collector wrote itself: listings, logs, answers. Its path is then that in the collection."""


@dataclass(frozen=True, slots=True)
class Member:
    """One member, unpacked."""

    file: Path
    name: str
    """Its cleaned name; of a member of an inner archive, behind that archive's name."""
    shown: str
    size: int
    sha256: str
    facts: Mapping[str, str] = field(default_factory=dict)

    def item(self, path: str, volume: str = "", **facts: str) -> Item:
        """The same as a file of the machine."""
        said = {key: value for key, value in {**self.facts, **facts}.items() if value}
        return Item(self.file, path, self.shown, self.size, self.sha256, volume, said)

    def listing(self, path: str = "") -> Item:
        """The same as something that the collector wrote."""
        return self.item(path or self.name, **OF_THE_COLLECTOR)


class Tree:
    """All members of an archive, those of archives in it included."""

    def __init__(self, members: list[Member], name: str) -> None:
        self.members = members
        self.name = name
        """The archive's file name as its sender gave it: a hint for the host, nothing more."""

    @cached_property
    def by_name(self) -> dict[str, Member]:
        """The first member of each name, in lower case."""
        found: dict[str, Member] = {}
        for member in self.members:
            found.setdefault(member.name.lower(), member)
        return found

    @cached_property
    def names(self) -> frozenset[str]:
        """All names, as they are."""
        return frozenset(member.name for member in self.members)

    def ending(self, *ends: str) -> list[Member]:
        """The members whose last folder and name are one of those, whatever the case."""
        wanted = tuple(end.lower() for end in ends)
        return [one for one in self.members if ("/" + one.name.lower()).endswith(tuple("/" + end for end in wanted))]


@dataclass(slots=True)
class Mapped:
    """What a layout made of a tree."""

    layout: str
    items: list[Item]
    host: str = ""
    os: str = ""
    collected_at: datetime | None = None


class Layout(ABC):
    """One collector's way of laying out what it took."""

    name: ClassVar[str]

    @abstractmethod
    def fits(self, tree: Tree) -> bool:
        """Whether the names are its own. Never the archive's file name."""

    @abstractmethod
    def map(self, tree: Tree) -> Mapped:
        """Every member as an item. Raises nothing for any content of the tables."""


def rows(member: Member) -> Iterator[dict[str, str]]:
    """A table with a header, comma or semicolon, UTF-8 or UTF-16; what cannot be read ends it."""
    try:
        with member.file.open("rb") as file:
            encoding = "utf-16" if file.read(2) in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
        with member.file.open(encoding=encoding, errors="replace", newline="") as text:
            read = _Bounded(text)
            reader = csv.DictReader(read, restkey="")
            for row in reader:
                yield {key: value for key, value in row.items() if isinstance(key, str) and isinstance(value, str)}
    except (csv.Error, UnicodeError, ValueError):
        return


class _Bounded:
    """Lines until TABLE_BYTES."""

    def __init__(self, text: Any) -> None:
        self._text = text
        self._left = TABLE_BYTES

    def __iter__(self) -> Iterator[str]:
        while self._left > 0 and (line := self._text.readline(1 << 16)):
            self._left -= len(line)
            yield line.replace("\0", "")


def objects(member: Member) -> Iterator[dict[str, Any]]:
    """The objects of a JSON Lines file, or the one of a small JSON file; lines that are none are left out."""
    with member.file.open(encoding="utf-8-sig", errors="replace") as text:
        for line in _Bounded(text):
            try:
                said = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(said, dict):
                yield said


def whole(member: Member, largest: int = 1 << 20) -> Any:
    """A small JSON file; None where it is none."""
    if member.size > largest:
        return None
    try:
        return json.loads(member.file.read_text(encoding="utf-8-sig", errors="replace"))
    except (ValueError, RecursionError):
        return None


def moment(text: str) -> datetime | None:
    """An instant as collectors write it, in UTC where nothing is said."""
    cleaned = re.sub(r"(\.\d{6})\d+", r"\1", text.strip())
    try:
        found = datetime.fromisoformat(cleaned)
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def latest(moments: Iterator[datetime | None]) -> datetime | None:
    """The last of those that are known."""
    return max((one for one in moments if one is not None), default=None)
