"""Shapes that formats share: one list of several, one array of JSON, one list that must not grow beyond its reader."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_network
from itertools import chain
from socket import AF_INET, AF_INET6, inet_pton
from typing import ClassVar

from iocmarket.indicators.types.base import IocType, Trait
from sharing.feeds.formats.base import LineFormat, Tally
from sharing.feeds.items import Item, Unwritable

ADDRESSES = frozenset({Trait.ADDRESS, Trait.NETWORK})
OF_A_KIND: Mapping[str, frozenset[str]] = {
    "all": frozenset({*ADDRESSES, Trait.NAME, Trait.URL, "email", Trait.FILE_HASH}),
    "ip": ADDRESSES,
    "domain": frozenset({Trait.NAME}),
    "url": frozenset({Trait.URL}),
    "email": frozenset({"email"}),
    "hash": frozenset({Trait.FILE_HASH}),
}
"""The lists of consumers that compare a value with one field: everything in one, or each kind on its own."""


class OneOfSeveral(LineFormat):
    """A format whose consumer loads several lists: an option says which one is meant."""

    chooser: ClassVar[str] = "type"
    lists: ClassVar[Mapping[str, frozenset[str]]]
    """Per value of the option: the traits, or names of types, of what is in that list."""

    def types(self) -> list[IocType]:
        """What is in one of the lists."""
        every = frozenset().union(*self.lists.values())
        return [kind for kind in super().types() if _meant(kind, every)]

    def carried(self, options: Mapping[str, str]) -> list[IocType]:
        """What is in the list."""
        return [kind for kind in self.types() if _meant(kind, self.lists[options[self.chooser]])]


def _meant(kind: IocType, wanted: frozenset[str]) -> bool:
    return kind.name in wanted or not wanted.isdisjoint(kind.traits)


class Array(LineFormat):
    """A format whose lines are the elements of an array of JSON."""

    def written(self, items: Iterable[Item], options: Mapping[str, str], tally: Tally) -> Iterator[bytes]:
        """The elements with commas between them."""
        return between(super().written(items, options, tally))


def between(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Lines of JSON, which have no line feed within, with commas between them."""
    begun = False
    for piece in pieces:
        if piece:
            body = piece[:-1].replace(b"\n", b",\n") + b"\n"
            yield b"," + body if begun else body
            begun = True


class Bounded(LineFormat):
    """A format of short lists without remarks, whose reader stops after so many octets."""

    largest: ClassVar[int]
    """Octets."""

    def written(self, items: Iterable[Item], options: Mapping[str, str], tally: Tally) -> Iterator[bytes]:
        """Each entry once, as far as there is room: what does not fit, or says the same again, is counted."""
        room = self.largest
        seen: set[str] = set()
        lines: list[str] = []
        for item in items:
            try:
                line = self.line(item, options)
            except Unwritable as refused:
                tally.leave(item, refused.reason)
                continue
            if line in seen or len(line) > room:
                tally.leave(item, "same_entry" if line in seen else "list_full")
                continue
            seen.add(line)
            room -= len(line)
            lines.append(line)
            tally.take(item)
        yield "".join(lines).encode()


def address_of(item: Item) -> str:
    """The address or network of a value: whatever is written into a list of addresses passes here.

    Packet filters ask the DNS for a name that they find among addresses, so a name is a fault of ours (ValueError), and
    so are bits behind the prefix.
    """
    _prefix(item)
    return str(ip_network(item.value)) if "/" in item.value else item.value


def uncovered(items: Iterable[Item], tally: Tally) -> Iterator[Item]:
    """Addresses and networks without those that lie in another network of the feed.

    Networks come before addresses in every feed (the order of lines is that of types); they are few and are held. One
    that came later would be written, and the set would merge it.
    """
    following = iter(items)
    held: list[Item] = []
    for item in following:
        held.append(item)
        if Trait.NETWORK not in item.traits:
            break
    known = {_prefix(item) for item in held if Trait.NETWORK in item.traits}
    lengths = {width: sorted({length for bits, length, _first in known if bits == width}) for width in (32, 128)}
    for item in chain(held, following):
        bits, length, first = _prefix(item)
        above = (shorter for shorter in lengths[bits] if shorter < length)
        if any((bits, shorter, first >> (length - shorter)) in known for shorter in above):
            tally.leave(item, "covered")
        else:
            yield item


def _prefix(item: Item) -> tuple[int, int, int]:
    """Bits of an address of its version, length of the prefix, and its bits; ten times as fast as by `ipaddress`."""
    address, _slash, length = item.value.partition("/")
    try:
        packed = inet_pton(AF_INET6 if ":" in address else AF_INET, address)
    except OSError as error:
        raise ValueError(f"{item.value[:80]!r} is no address") from error
    bits = len(packed) * 8
    width = int(length) if length else bits
    return bits, width, int.from_bytes(packed) >> (bits - width)
