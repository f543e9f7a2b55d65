"""Response policy zone, for resolvers: BIND, Unbound, PowerDNS, Knot (Vixie, draft-vixie-dnsop-dns-rpz-00).

Owner names are relative, so that the zone may be loaded under any name; lengths are reckoned for `rpz.iocmarket.`.
One bad line keeps Unbound and PowerDNS from starting: nothing but plain A-labels is ever written.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from itertools import groupby
from typing import ClassVar

from iocmarket.indicators.types.base import Trait
from sharing.feeds.formats.base import LineFormat, Mode, comments, formats
from sharing.feeds.items import Item, Meta, Unwritable

ORIGIN = "rpz.iocmarket."
TTL = 300
REFRESH, RETRY, EXPIRE, MINIMUM = 300, 60, 86400, 60
_TARGETS = {"nxdomain": ".", "nodata": "*.", "drop": "rpz-drop.", "tcp-only": "rpz-tcp-only."}
_NAME = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
# RFC 1035 section 2.3.4, in octets on the wire; each label has one for its length, and the root one of its own.
_LONGEST = 255 - len(ORIGIN) - 1


class Rpz(LineFormat):
    """Names (with `*.name` where sub-names are meant) and addresses in answers (`rpz-ip`)."""

    name = "rpz"
    label = "RPZ"
    media_type = "text/dns"
    extension = "zone"
    mode = Mode.BLOCK
    plain = True
    accepts = frozenset({Trait.NAME, Trait.ADDRESS, Trait.NETWORK})
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {"action": tuple(_TARGETS)}

    def header(self, meta: Meta) -> bytes:
        """Comments, `$TTL`, SOA and NS. The serial rises at every change of the content (RFC 1982 for its wrap)."""
        soa = f"@ IN SOA localhost. hostmaster.iocmarket. {meta.serial % 2**32} {REFRESH} {RETRY} {EXPIRE} {MINIMUM}"
        return comments(";", meta) + f"$TTL {TTL}\n{soa}\n@ IN NS localhost.\n".encode()

    def line(self, item: Item, options: Mapping[str, str]) -> str:
        """One or two records. Raises Unwritable: `not_a_dns_name`, `name_too_long`."""
        target = _TARGETS[options["action"]]
        if Trait.NAME not in item.traits:
            return f"{address_owner(item.value)} CNAME {target}\n"
        owners = [item.value, f"*.{item.value}"] if item.subtree else [item.value]
        if _NAME.fullmatch(item.value) is None:
            raise Unwritable("not_a_dns_name")
        if len(owners[-1]) + 1 > _LONGEST:
            raise Unwritable("name_too_long")
        return "".join(f"{owner} CNAME {target}\n" for owner in owners)


def address_owner(value: str) -> str:
    """`32.7.113.0.203.rpz-ip`; for IPv6 reversed words with the longest run of zeros as `zz`.

    BIND compares the owner with its own spelling and passes over any other in silence, so this one is exact: of
    equally long runs the first of the address, and never a run of one word.
    """
    network = ipaddress.ip_network(value)
    if network.version == 4:
        return f"{network.prefixlen}.{'.'.join(reversed(str(network.network_address).split('.')))}.rpz-ip"
    words = [f"{int(word, 16):x}" for word in network.network_address.exploded.split(":")]
    start, length = _longest_zeros(words)
    if length > 1:
        words[start : start + length] = ["zz"]
    return f"{network.prefixlen}.{'.'.join(reversed(words))}.rpz-ip"


def _longest_zeros(words: list[str]) -> tuple[int, int]:
    """Where the first of the longest runs begins, and how long it is."""
    runs = []
    start = 0
    for zero, group in groupby(words, key=lambda word: word == "0"):
        length = len(list(group))
        if zero:
            runs.append((start, length))
        start += length
    return max(runs, key=lambda run: run[1], default=(0, 0))


formats.register(Rpz())
