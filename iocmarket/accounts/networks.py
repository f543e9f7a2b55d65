"""Networks from which a token may be used: a key that was copied opens nothing elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network

from iocmarket.kernel.decision import Refusal
from iocmarket.web.client import read_address

NETWORKS_MAX = 50
"""Networks of one token; each is compared with the address of each request."""
_MAPPED = 96
"""Bits before the IPv4 address."""
_BETWEEN = re.compile(r"[\s,;]+")


def read_networks(texts: Iterable[str]) -> list[str]:
    """Addresses and networks as they are kept: canonical, each once, in order of writing.

    Raises Refusal: `bad_network` with what was written as `where`, `too_many_networks`.
    """
    found: dict[str, None] = {}
    for text in texts:
        found[_canonical(text.strip())] = None
    if len(found) > NETWORKS_MAX:
        raise Refusal("too_many_networks", f"{len(found)} networks; a token has at most {NETWORKS_MAX}")
    return list(found)


def split_words(text: str) -> list[str]:
    """What a person wrote into a field: separated by lines, spaces, commas or semicolons."""
    return [part for part in _BETWEEN.split(text) if part]


def admits(networks: Sequence[str], address: str) -> bool:
    """Whether a request from that address may use a token with these networks; an unknown address only without any."""
    if not networks:
        return True
    client = read_address(address)
    return client is not None and any(client in network for network in _read(tuple(networks)))


def _canonical(text: str) -> str:
    try:
        network = ip_network(text, strict=False)
    except ValueError as error:
        detail = f"{text[:50]!r} is no address and no network; write 192.0.2.0/24 or 2001:db8::/32"
        raise Refusal("bad_network", detail, where=text[:50]) from error
    return str(_as_read(network))


def _as_read(network: IPv4Network | IPv6Network) -> IPv4Network | IPv6Network:
    """IPv4 written within IPv6 (RFC 4291 section 2.5.5.2) as IPv4: so are the addresses of clients read."""
    if isinstance(network, IPv6Network) and network.network_address.ipv4_mapped and network.prefixlen >= _MAPPED:
        return IPv4Network((network.network_address.ipv4_mapped, network.prefixlen - _MAPPED))
    return network


@lru_cache(maxsize=4096)
def _read(networks: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(map(ip_network, networks))
