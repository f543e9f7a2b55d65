"""A value as the guard and the warning lists see it: the network and the name that it is or lies at. Pure."""

from __future__ import annotations

import ipaddress
from bisect import bisect_right
from collections.abc import Iterable
from socket import AF_INET, AF_INET6, inet_pton
from typing import NamedTuple

from iocmarket.indicators.types.base import Trait, ioc_types

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Span(NamedTuple):
    """An address or a network as numbers: a feed has half a million of them, and `ipaddress` is ten times slower."""

    version: int
    first: int
    last: int
    prefixlen: int


def span_of(text: str) -> Span:
    """The numbers of an address or network; host bits are taken off. Raises ValueError for what is neither."""
    address, slash, length = text.partition("/")
    version, width, family = (6, 128, AF_INET6) if ":" in address else (4, 32, AF_INET)
    try:
        number = int.from_bytes(inet_pton(family, address), "big")
    except OSError:
        raise ValueError(f"{text!r} is no address or network") from None
    if not slash:
        return Span(version, number, number, width)
    prefixlen = int(length) if length.isascii() and length.isdigit() else width + 1
    if prefixlen > width:
        raise ValueError(f"{text!r} is no network")
    hosts = (1 << (width - prefixlen)) - 1
    return Span(version, number & ~hosts, number | hosts, prefixlen)


class Intervals:
    """Disjoint ranges of addresses of one IP version, each with a label; a look-up is one bisection."""

    def __init__(self, networks: Iterable[tuple[Network, str]]) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._labels: list[str] = []
        for network, label in sorted(networks, key=lambda pair: int(pair[0].network_address)):
            first, last = int(network.network_address), int(network.broadcast_address)
            if self._ends and first <= self._ends[-1]:
                self._ends[-1] = max(self._ends[-1], last)
            else:
                self._starts.append(first)
                self._ends.append(last)
                self._labels.append(label)

    def overlapping(self, network: Span) -> str | None:
        """The label of a range that shares an address with the network."""
        index = bisect_right(self._starts, network.last) - 1
        if index >= 0 and self._ends[index] >= network.first:
            return self._labels[index]
        return None


def by_version(networks: Iterable[tuple[Network, str]]) -> dict[int, Intervals]:
    """The ranges of IPv4 and of IPv6, by version."""
    listed = list(networks)
    return {version: Intervals(pair for pair in listed if pair[0].version == version) for version in (4, 6)}


class Subject(NamedTuple):
    """What the guard needs to know of a value: the address or network and the DNS name that it is or lies at."""

    traits: frozenset[Trait]
    network: Span | None = None
    name: str | None = None
    subtree: bool = False
    asn: str | None = None
    """The autonomous system that it is, as `AS64496`."""
    value: str = ""
    """The value itself, for lists of hashes and mailboxes."""


def subject_of(type_name: str, value: str, *, subtree: bool) -> Subject:
    """The facts of a canonical value. Raises KeyError for a type that is not registered."""
    kind = ioc_types[type_name]
    lies_at = kind.network(value) or kind.host_address(value)
    return Subject(
        traits=kind.traits,
        network=span_of(lies_at) if lies_at else None,
        name=kind.dns_name(value),
        subtree=subtree,
        asn=value if Trait.AUTONOMOUS_SYSTEM in kind.traits else None,
        value=value,
    )
