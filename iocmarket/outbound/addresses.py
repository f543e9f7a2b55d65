"""Which addresses are the open internet, from the IANA special-purpose registries (RFC 6890 and its updates).

Written out rather than asked of `ipaddress`: what its `is_global` says differs between Python versions.
"""

from __future__ import annotations

import ipaddress

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_CLOSED_4 = tuple(
    ipaddress.IPv4Network(text)
    for text in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",
        "100.64.0.0/10",  # carriers; the metadata of one cloud (100.100.100.200)
        "127.0.0.0/8",
        "168.63.129.16/32",  # the metadata of another, in public space
        "169.254.0.0/16",  # link-local; the metadata of most (169.254.169.254)
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
_OPEN_6 = ipaddress.IPv6Network("2000::/3")
"""Global unicast: everything else (loopback, mapped and compatible IPv4, NAT64, local, multicast) is closed."""
_CLOSED_6 = tuple(
    ipaddress.IPv6Network(text)
    for text in (
        "2001::/23",  # protocol assignments; Teredo carries an IPv4 address
        "2001:db8::/32",
        "2002::/16",  # 6to4 carries an IPv4 address
        "2620:4f:8000::/48",
        "3fff::/20",
    )
)


def is_open(address: Address) -> bool:
    """Whether the address is of the open internet and carries no other address inside it."""
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in network for network in _CLOSED_4)
    return address in _OPEN_6 and not any(address in network for network in _CLOSED_6)
