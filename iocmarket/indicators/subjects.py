"""A value as the guard and the warning lists see it: the network and the name that it is or lies at. Pure."""

from __future__ import annotations

import ipaddress
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from iocmarket.indicators.types.base import Trait, ioc_types

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


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

    def overlapping(self, network: Network) -> str | None:
        """The label of a range that shares an address with the network."""
        index = bisect_right(self._starts, int(network.broadcast_address)) - 1
        if index >= 0 and self._ends[index] >= int(network.network_address):
            return self._labels[index]
        return None


def by_version(networks: Iterable[tuple[Network, str]]) -> dict[int, Intervals]:
    """The ranges of IPv4 and of IPv6, by version."""
    listed = list(networks)
    return {version: Intervals(pair for pair in listed if pair[0].version == version) for version in (4, 6)}


@dataclass(frozen=True, slots=True)
class Subject:
    """What the guard needs to know of a value: the address or network and the DNS name that it is or lies at."""

    traits: frozenset[Trait]
    network: Network | None = None
    name: str | None = None
    subtree: bool = False
    asn: str | None = None
    """The autonomous system that it is, as `AS64496`."""


def subject_of(type_name: str, value: str, *, subtree: bool) -> Subject:
    """The facts of a canonical value. Raises KeyError for a type that is not registered."""
    kind = ioc_types[type_name]
    lies_at = kind.network(value) or kind.host_address(value)
    return Subject(
        traits=kind.traits,
        network=ipaddress.ip_network(lies_at, strict=False) if lies_at else None,
        name=kind.dns_name(value),
        subtree=subtree,
        asn=value if Trait.AUTONOMOUS_SYSTEM in kind.traits else None,
    )
