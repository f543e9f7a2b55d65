"""Lists made into one index: sorted numbers that are looked up in place, so that every process maps the same pages.

The file is: the magic line, the length of the header (8 bytes), the header (JSON), and sections of numbers in the
machine's own order, each beginning at a multiple of 8:

- `starts4`/`sets4`, `starts6`/`sets6`: where a range of addresses begins that stands on the same lists from end to end,
  and on which (set 0: none). Addresses of IPv6 are 16 bytes, most significant first.
- `keys`/`sets`: 64 bits of a hash of each name or word, sorted, and on which lists it stands and how (set numbers of
  these name `3 * list + how`); `buckets`: where the keys begin whose upper 16 bits are that number.
"""

from __future__ import annotations

import json
import sys
from array import array
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from hashlib import blake2b, sha256
from typing import Any

from iocmarket.indicators.subjects import Span
from iocmarket.listed.source import Source

MAGIC = b"IOC warning lists 1\n"
EXACT, BELOW, WORD = 0, 1, 2
"""How a text stands on a list: a name alone, a name and all below, anything else."""
HOWS = 3
SECTIONS = ("starts4", "sets4", "starts6", "sets6", "keys", "sets", "buckets")
BUCKET_SHIFT = 48
SETS_MAX = 1 << 16


def key_of(text: str) -> int:
    """64 bits that stand for a name or a word: two texts of one key are one in 10**13 look-ups."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")


def compiled(sources: Sequence[Source]) -> bytes:
    """The index of these lists. Equal lists give equal bytes."""
    sets = _Sets()
    sections = dict(zip(SECTIONS[:2], _ranges4(_swept(sources, 4, sets)), strict=True))
    sections |= dict(zip(SECTIONS[2:4], _ranges6(_swept(sources, 6, sets)), strict=True))
    sections |= dict(zip(SECTIONS[4:], _keys(sources, sets), strict=True))
    body, places = b"", {}
    for name in SECTIONS:
        places[name] = (len(body), len(sections[name]))
        body += sections[name] + bytes(-len(sections[name]) % 8)
    header: dict[str, Any] = {
        "order": sys.byteorder,
        "lists": [[x.name, x.label, x.version, x.severity.value, x.entries] for x in sources],
        "sets": sets.listed,
        "substrings": _few(sources, "substrings"),
        "patterns": _few(sources, "patterns"),
        "places": places,
    }
    header["signature"] = sha256(json.dumps(header).encode() + body).hexdigest()[:16]
    head = json.dumps(header).encode()
    head += b" " * (-(len(MAGIC) + 8 + len(head)) % 8)
    return MAGIC + len(head).to_bytes(8, "big") + head + body


class _Sets:
    """Which lists a value stands on, by a number; 0 is none."""

    def __init__(self) -> None:
        self.listed: list[list[int]] = [[]]
        self._numbers: dict[tuple[int, ...], int] = {(): 0}

    def number(self, lists: Iterable[int]) -> int:
        key = tuple(sorted(lists))
        if key not in self._numbers:
            if len(self.listed) >= SETS_MAX:
                raise ValueError("too many combinations of lists")
            self._numbers[key] = len(self.listed)
            self.listed.append(list(key))
        return self._numbers[key]


def _swept(sources: Sequence[Source], version: int, sets: _Sets) -> list[tuple[int, int]]:
    """(first address, set) of every stretch, from address 0 on."""
    begins: dict[int, list[int]] = defaultdict(list)
    ends: dict[int, list[int]] = defaultdict(list)
    for number, source in enumerate(sources):
        for span in set(_of_version(source.ranges, version)):
            begins[span.first].append(number)
            ends[span.last + 1].append(number)
    found, open_now, last = [(0, 0)], Counter[int](), 0
    for at in sorted({*begins, *ends} - {1 << (32 if version == 4 else 128)}):
        for number in begins.get(at, ()):
            open_now[number] += 1
        for number in ends.get(at, ()):
            open_now[number] -= 1
            if not open_now[number]:
                del open_now[number]
        held = sets.number(open_now)
        if held != last:
            found.append((at, held))
            last = held
    return found if len(found) < 2 or found[1][0] else found[1:]


def _of_version(spans: Iterable[Span], version: int) -> Iterable[Span]:
    return (span for span in spans if span.version == version)


def _ranges4(stretches: list[tuple[int, int]]) -> tuple[bytes, bytes]:
    starts, numbers = zip(*stretches, strict=True)
    return array("I", starts).tobytes(), array("H", numbers).tobytes()


def _ranges6(stretches: list[tuple[int, int]]) -> tuple[bytes, bytes]:
    starts, numbers = zip(*stretches, strict=True)
    return b"".join(start.to_bytes(16, "big") for start in starts), array("H", numbers).tobytes()


def _keys(sources: Sequence[Source], sets: _Sets) -> tuple[bytes, bytes, bytes]:
    on: dict[int, list[int]] = defaultdict(list)
    for number, source in enumerate(sources):
        for how, texts in ((EXACT, source.exact), (BELOW, source.below), (WORD, source.words)):
            for text in texts:
                on[key_of(text)].append(HOWS * number + how)
    ordered = array("Q", sorted(on))
    buckets = array("I", (bisect_left(ordered, number << BUCKET_SHIFT) for number in range((1 << 16) + 1)))
    return ordered.tobytes(), array("H", (sets.number(on[key]) for key in ordered)).tobytes(), buckets.tobytes()


def _few(sources: Sequence[Source], name: str) -> list[list[Any]]:
    return [[text, number] for number, source in enumerate(sources) for text in sorted(getattr(source, name))]
