"""Known values, asked for keys: the direction of a hunter, and of values that become known later."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from iocmarket.kernel.match.keys import ADDRESSES, Key, asked_of, folded

_Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Known:
    """One indicator: what names it to the caller, its type, its canonical value and whether sub-names are meant."""

    id: int
    type: str
    value: str
    subtree: bool = False


@dataclass(slots=True)
class Index:
    """Known values by what is compared. A key costs a look-up, an address one for each length of a known network."""

    _values: dict[tuple[str, str], list[Known]] = field(default_factory=dict)
    _networks: dict[int, dict[tuple[int, int], list[Known]]] = field(default_factory=lambda: {4: {}, 6: {}})
    _lengths: dict[int, set[int]] = field(default_factory=lambda: {4: set(), 6: set()})

    @classmethod
    def of(cls, known: Iterable[Known]) -> Index:
        """Of all of these."""
        made = cls()
        for one in known:
            made.add(one)
        return made

    def add(self, known: Known) -> None:
        """One more. Raises ValueError for a network that is none."""
        if known.type != "cidr":
            self._values.setdefault((known.type, folded(known.type, known.value)), []).append(known)
            return
        network: _Network = ip_network(known.value, strict=False)
        place = (network.prefixlen, int(network.network_address))
        self._networks[network.version].setdefault(place, []).append(known)
        self._lengths[network.version].add(network.prefixlen)

    def hits(self, key: Key) -> Iterator[Known]:
        """What is known of the key: itself, names above it that mean their sub-names, networks around it."""
        for asked in asked_of(key):
            for known in self._values.get((asked.type, asked.value), ()):
                if known.subtree or not asked.below:
                    yield known
        if key.kind in ADDRESSES:
            yield from self._around(key.value)

    def _around(self, text: str) -> Iterator[Known]:
        address = ip_address(text)
        for length in self._lengths[address.version]:
            spare = address.max_prefixlen - length
            yield from self._networks[address.version].get((length, int(address) >> spare << spare), ())
