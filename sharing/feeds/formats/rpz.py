"""Response policy zone, for resolvers: BIND, Unbound, PowerDNS, Knot (Vixie, draft-vixie-dnsop-dns-rpz-00).

Owner names are relative, so that the zone may be loaded under any name; lengths are reckoned for `rpz.iocmarket.`.
One bad line keeps Unbound and PowerDNS from starting: nothing but plain A-labels is ever written.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from functools import lru_cache
from itertools import groupby
from typing import ClassVar

from iocmarket.indicators.types.base import Trait
from sharing.feeds.formats.base import Free, Mode, Recipe, comments, fetch, formats
from sharing.feeds.formats.names import ByName, addresses_in, dns_name, host_read
from sharing.feeds.items import Item, Meta, Unwritable

ORIGIN = "rpz.iocmarket."
TTL = 300
REFRESH, RETRY, EXPIRE, MINIMUM = 300, 60, 86400, 60
_TARGETS = {
    "nxdomain": ".", "nodata": "*.", "drop": "rpz-drop.", "tcp-only": "rpz-tcp-only.", "passthru": "rpz-passthru.",
}  # fmt: skip
GARDEN = "walled-garden"
# RFC 1035 section 2.3.4, in octets on the wire; each label has one for its length, and the root one of its own.
_LONGEST = 255 - len(ORIGIN) - 1


# BIND applies changes of a policy once a minute unless told otherwise.
_NAMED_CONF = """\
options {
  response-policy { zone "rpz.iocmarket" policy given max-policy-ttl 300 min-update-interval 5; }
    qname-wait-recurse no;
};
zone "rpz.iocmarket" {
  type primary;
  file "/etc/bind/{name}"; check-names ignore;
  allow-query { localhost; };
};
"""
_UNBOUND_CONF = """\
server:
  module-config: "respip validator iterator"
rpz:
  name: rpz.iocmarket
  zonefile: "/etc/unbound/{name}"
  rpz-log: yes
  rpz-log-name: iocmarket
"""
_RECURSOR_LUA = """\
rpzFile("/etc/powerdns/{name}", {policyName="iocmarket"})
"""
_KRESD_LUA = """\
modules.load('policy')
policy.add(policy.rpz(policy.DENY, '/etc/knot-resolver/{name}', true))
"""


class Rpz(ByName):
    """Names (with `*.name` where sub-names are meant) and addresses in answers (`rpz-ip`)."""

    name = "rpz"
    label = "RPZ"
    media_type = "text/dns"
    extension = "zone"
    mode = Mode.BLOCK
    plain = True
    accepts = frozenset({Trait.NAME, Trait.ADDRESS, Trait.NETWORK})
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {"action": (*_TARGETS, GARDEN)}
    free: ClassVar[Mapping[str, Free]] = {"target": Free(host_read, "sinkhole.univ.fr")}
    recipes = (
        fetch("BIND", then="rndc reload rpz.iocmarket"),
        Recipe("BIND", "text", _NAMED_CONF, "named.conf"),
        fetch("Unbound", then="unbound-control auth_zone_reload rpz.iocmarket"),
        Recipe("Unbound", "yaml", _UNBOUND_CONF, "unbound.conf"),
        fetch("PowerDNS Recursor", then="rec_control reload-lua-config"),
        Recipe("PowerDNS Recursor", "lua", _RECURSOR_LUA, "recursor.lua (lua-config-file)"),
        fetch("Knot Resolver"),
        Recipe("Knot Resolver", "lua", _KRESD_LUA, "kresd.conf"),
    )

    def header(self, meta: Meta) -> bytes:
        """Comments, `$TTL`, SOA and NS. The serial rises at every change of the content (RFC 1982 for its wrap)."""
        soa = f"@ IN SOA localhost. hostmaster.iocmarket. {meta.serial % 2**32} {REFRESH} {RETRY} {EXPIRE} {MINIMUM}"
        return comments(";", meta) + f"$TTL {TTL}\n{soa}\n@ IN NS localhost.\n".encode()

    def check(self, options: Mapping[str, str]) -> None:
        """Only a walled garden has a place to send to, and it needs one."""
        if (options["action"] == GARDEN) != bool(options["target"]):
            raise ValueError(f"action={GARDEN} and target=<name or addresses> go together")

    def line(self, item: Item, options: Mapping[str, str]) -> str:
        """The records of each owner. Raises Unwritable: `not_a_dns_name`, `name_too_long`."""
        records = _records(options)
        if Trait.NAME not in item.traits:
            return _written([address_owner(item.value)], records)
        name = dns_name(item.value)
        owners = [name, f"*.{name}"] if item.subtree else [name]
        if len(owners[-1]) + 1 > _LONGEST:
            raise Unwritable("name_too_long")
        return _written(owners, records)


def _written(owners: list[str], records: tuple[str, ...]) -> str:
    return "".join([f"{owner} {record}\n" for owner in owners for record in records])


def _records(options: Mapping[str, str]) -> tuple[str, ...]:
    return _garden(options["target"]) if options["target"] else (f"CNAME {_TARGETS[options['action']]}",)


@lru_cache(maxsize=64)
def _garden(target: str) -> tuple[str, ...]:
    """Records that lead to a name, or to one address of either version or both."""
    addresses = addresses_in(target)
    return tuple(f"{'AAAA' if ':' in address else 'A'} {address}" for address in addresses) or (f"CNAME {target}.",)


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
