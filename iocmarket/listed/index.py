"""An index that was compiled: looked up in place, in a file that is mapped or in bytes. Pure but for the mapping."""

from __future__ import annotations

import json
import mmap
import re
import sys
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from django.utils.functional import Promise

from iocmarket.indicators.subjects import Span, Subject
from iocmarket.indicators.types.base import Trait
from iocmarket.indicators.types.names import registrable_domain
from iocmarket.indicators.warninglists.base import Severity
from iocmarket.listed.compiling import BELOW, BUCKET_SHIFT, EXACT, HOWS, MAGIC, WORD, key_of

_PLACES = frozenset({Trait.ADDRESS, Trait.NETWORK, Trait.NAME})
"""Values that are a place on the network. Of one that lies at a place (a URL, a mailbox) a list of places only informs:
whoever blocks it blocks that one page or sender.
"""


@cache
def _is_place(traits: frozenset[Trait]) -> bool:
    return not _PLACES.isdisjoint(traits)


class Broken(ValueError):  # noqa: N818 (what the file is)
    """The bytes are no index of this program on this machine."""


class Known(NamedTuple):
    """A list in an index."""

    name: str
    label: str
    version: str
    severity: Severity
    entries: int


class Hit(NamedTuple):
    """A value stands on a list; `severity` is what that means for this value."""

    name: str
    label: str | Promise
    version: str
    severity: Severity


class _Wide(Sequence[bytes]):
    """Numbers of sixteen bytes, one after the other: as bytes they are in the order of the numbers."""

    def __init__(self, held: memoryview) -> None:
        self._held = held

    def __len__(self) -> int:
        return len(self._held) // 16

    def __getitem__(self, index: int) -> bytes:  # type: ignore[override]
        return bytes(self._held[16 * index : 16 * index + 16])


class Index:
    """The lists of one index. Raises Broken."""

    def __init__(self, content: bytes | mmap.mmap) -> None:
        held = memoryview(content)
        start = len(MAGIC) + 8
        if bytes(held[: len(MAGIC)]) != MAGIC:
            raise Broken("no index of warning lists")
        try:
            length = int.from_bytes(held[len(MAGIC) : start], "big")
            header = json.loads(bytes(held[start : start + length]))
            body = held[start + length :]
            part = {name: body[at : at + size] for name, (at, size) in header["places"].items()}
            self._starts: dict[int, Sequence[int] | Sequence[bytes]] = {
                4: part["starts4"].cast("I"), 6: _Wide(part["starts6"]),
            }  # fmt: skip
            self._on: dict[int, memoryview] = {4: part["sets4"].cast("H"), 6: part["sets6"].cast("H")}
            self._keys, self._key_on = part["keys"].cast("Q"), part["sets"].cast("H")
            self._buckets = part["buckets"].cast("I")
            self.lists = tuple(Known(n, label, v, Severity(s), count) for n, label, v, s, count in header["lists"])
            self.signature = str(header["signature"])
            self._sets: list[list[int]] = header["sets"]
            self._substrings: list[tuple[str, int]] = [(text, number) for text, number in header["substrings"]]
            self._patterns = [(re.compile(text), number) for text, number in header["patterns"]]
        except (KeyError, TypeError, ValueError, re.error) as error:
            raise Broken("the index cannot be read: build it again") from error
        if header["order"] != sys.byteorder or len(self._keys) != len(self._key_on):
            raise Broken("the index was built elsewhere: build it again")

    @classmethod
    def mapped(cls, path: Path) -> Index:
        """Of a file; the processes of a machine share its pages. Raises Broken, OSError."""
        with path.open("rb") as file:
            try:
                return cls(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
            except ValueError as error:  # also of an empty file
                raise error if isinstance(error, Broken) else Broken("the index is empty") from error

    def found(self, subject: Subject) -> dict[int, bool]:
        """The lists that the value stands on, each with whether it does so in full: see `Hit`."""
        hits: dict[int, bool] = {}
        place = _is_place(subject.traits)
        if subject.network is not None:
            for number in self._around(subject.network):
                hits[number] = place
        elif subject.name is not None:
            self._named(subject.name, hits, place=place)
        if not place:
            self._worded(subject.value, hits)
        if self._substrings:
            low = subject.value.lower()
            hits.update((number, True) for text, number in self._substrings if text in low)
        return hits

    def _worded(self, value: str, hits: dict[int, bool]) -> None:
        for entry in self._on_key(value.lower()):
            if entry % HOWS == WORD:
                hits[entry // HOWS] = True
        for pattern, number in self._patterns:
            if pattern.search(value):
                hits[number] = True

    def _around(self, span: Span) -> list[int]:
        """Lists with a range that shares an address with it."""
        starts, on = self._starts[span.version], self._on[span.version]
        if span.version == 4:
            first, last = bisect_right(starts, span.first), bisect_right(starts, span.last)
        else:
            first = bisect_right(starts, span.first.to_bytes(16, "big"))
            last = bisect_right(starts, span.last.to_bytes(16, "big"))
        if first == last:
            return self._sets[on[first - 1]]
        return sorted({number for found in set(on[first - 1 : last]) for number in self._sets[found]})

    def _named(self, name: str, hits: dict[int, bool], *, place: bool) -> None:
        own = ""
        bare = name.removeprefix("www.")
        parent = name
        while "." in parent:
            for entry in self._on_key(parent):
                number, how = divmod(entry, HOWS)
                if how == EXACT and parent in {name, bare}:
                    hits[number] = place
                elif how == BELOW:
                    # Whoever registered the name below a shared one is not whom the list means.
                    own = own or registrable_domain(name) or name
                    hits[number] = hits.get(number, False) or (place and (parent == name or len(parent) >= len(own)))
            parent = parent.partition(".")[2]

    def _on_key(self, text: str) -> list[int]:
        key = key_of(text)
        bucket = key >> BUCKET_SHIFT
        end = self._buckets[bucket + 1]
        at = bisect_left(self._keys, key, self._buckets[bucket], end)
        if at < end and self._keys[at] == key:
            return self._sets[self._key_on[at]]
        return []
