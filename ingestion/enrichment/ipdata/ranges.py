"""Address ranges in sorted arrays: a few megabytes for the whole Internet, one bisection for an answer.

A range is stored by its start alone and lasts until the next start; what no range covers points at record 0, which
says nothing. IPv6 is kept by its upper 64 bits: nobody announces or allocates less than a /64.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class IpFacts:
    """What a data set says of a range. Empty string and 0 mean: it does not say.

    `country` is ISO 3166-1 alpha-2, of the network's registration or announcement: never a place of a person.
    """

    country: str = ""
    asn: int = 0
    as_name: str = ""


NOTHING = IpFacts()


@dataclass(frozen=True, slots=True)
class IpRange:
    """An inclusive range of one IP version, `start` and `end` as full integers (32 or 128 bits)."""

    version: int
    start: int
    end: int
    facts: IpFacts


@dataclass(slots=True)
class Column:
    """The starts of one IP version, ascending, and for each the number of its record."""

    starts: array[int]
    numbers: array[int]


@dataclass(slots=True)
class RangeTable:
    """The look-up table of both IP versions."""

    records: list[IpFacts]
    v4: Column = field(default_factory=lambda: Column(array("I"), array("I")))
    v6: Column = field(default_factory=lambda: Column(array("Q"), array("I")))

    def lookup(self, address: Address) -> tuple[IpFacts, Network] | None:
        """The facts of an address and the largest block around it of which the data say the same; None if unknown."""
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        column, shift, bits = (self.v4, 0, 32) if address.version == 4 else (self.v6, 64, 64)
        key = int(address) >> shift
        at = bisect_right(column.starts, key) - 1
        if at < 0 or column.numbers[at] == 0:
            return None
        end = column.starts[at + 1] - 1 if at + 1 < len(column.starts) else (1 << bits) - 1
        prefix = _widest_prefix(key, column.starts[at], end, bits)
        block = (key >> (bits - prefix) << (bits - prefix)) << shift
        network: Network = IPv4Network((block, prefix)) if address.version == 4 else IPv6Network((block, prefix))
        return self.records[column.numbers[at]], network


def _widest_prefix(key: int, start: int, end: int, bits: int) -> int:
    """The shortest prefix length whose aligned block holds `key` and stays within [start, end]."""
    prefix = bits
    while prefix > 0:
        size = 1 << (bits - prefix + 1)
        first = key & -size
        if first < start or first + size - 1 > end:
            break
        prefix -= 1
    return prefix


def build_table(ranges: Iterable[IpRange]) -> RangeTable:
    """Sort, close the gaps and merge neighbours that say the same.

    Raises ValueError when two ranges overlap: the file is not what it claims to be.
    """
    table = RangeTable(records=[NOTHING])
    numbers: dict[IpFacts, int] = {NOTHING: 0}
    found = sorted(ranges, key=lambda r: (r.version, r.start))
    for version, column, shift, bits in ((4, table.v4, 0, 32), (6, table.v6, 64, 64)):
        free = 0
        for first, last, facts in _cut(found, version, shift):
            if facts not in numbers:
                numbers[facts] = len(table.records)
                table.records.append(facts)
            if first > free:
                _append(column, free, 0)
            _append(column, first, numbers[facts])
            free = last + 1
        if free and free < 1 << bits:
            _append(column, free, 0)
    return table


def _cut(found: Iterable[IpRange], version: int, shift: int) -> Iterator[tuple[int, int, IpFacts]]:
    """The ranges of one version at the resolution of the table; a /64 belongs to the first range that touches it."""
    before = last = -1
    for item in found:
        if item.version != version:
            continue
        if item.start <= before or item.end < item.start:
            raise ValueError(f"IPv{version}: ranges overlap at {item.start:#x}")
        before = item.end
        first, last = max(item.start >> shift, last + 1), max(item.end >> shift, last)
        if first <= last:
            yield first, last, item.facts


def _append(column: Column, start: int, number: int) -> None:
    if not column.numbers or column.numbers[-1] != number:
        column.starts.append(start)
        column.numbers.append(number)
