"""Where a request comes from: the one place that reads X-Forwarded-For.

A header is what its sender wrote. Only hops named in TRUSTED_PROXIES (docs/operations.md) are believed, from the
nearest one outward, and belief ends at the first address that is not one of them: that is the client.
"""

from __future__ import annotations

import ipaddress
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
UNIX = "unix"
"""The name, in TRUSTED_PROXIES, of a peer without an address: a proxy that speaks through a unix socket."""
NAME_LENGTH = 200
"""Characters that are kept of what a client calls itself."""
MAX_HOPS = 20
"""Hops that are looked at; nobody honest has more, and a header may be eight kilobytes of commas."""


def client_address(request: HttpRequest) -> str:
    """The client's address in its canonical form; "" when it is unknown (a unix socket whose proxy names nobody)."""
    nearest = request.META.get("REMOTE_ADDR", "")
    if not is_trusted(nearest):
        return _canonical(nearest)
    found = nearest
    hops = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")[-MAX_HOPS:]
    for hop in reversed(hops):
        address = read_address(hop)
        if address is None:
            break  # garbage says nothing, and nothing behind it is believed
        found = str(address)
        if not is_trusted(found):
            break
    return _canonical(found)


def client_name(request: HttpRequest) -> str:
    """What the client calls itself, without what a page or a terminal would take for an order."""
    named = request.META.get("HTTP_USER_AGENT", "")[:NAME_LENGTH]
    return "".join(sign if sign.isprintable() else " " for sign in named)


def is_trusted(peer: str) -> bool:
    """Whether what this peer says about others is believed."""
    names, networks = _trusted(tuple(settings.TRUSTED_PROXIES))
    address = read_address(peer)
    if address is None:
        return not peer and UNIX in names
    return any(address in network for network in networks)


def read_address(text: str) -> Address | None:
    """An address as proxies write it: with brackets, a port or a zone, IPv4 within IPv6. None for anything else."""
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address


@lru_cache(maxsize=8)
def _trusted(names: tuple[str, ...]) -> tuple[frozenset[str], tuple[Network, ...]]:
    networks = tuple(ipaddress.ip_network(name, strict=False) for name in names if name != UNIX)
    return frozenset(names) & {UNIX}, networks


def _canonical(peer: str) -> str:
    address = read_address(peer)
    return str(address) if address else ""
