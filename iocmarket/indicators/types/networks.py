"""Networks in CIDR notation, of both families."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from socket import inet_aton
from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from iocmarket.indicators.types.addresses import (
    ORDINARY_OCTETS,
    USUAL_V4,
    bounds_of,
    parse_ipv4,
    parse_ipv6,
    refuse_own_machine,
    special_ranges,
)
from iocmarket.indicators.types.base import DOTTED_SIGN, Canonical, IocType, Sign, Trait, cleaned, ioc_types, quoted
from iocmarket.kernel.decision import Refusal

WIDEST_V4 = 8
WIDEST_V6 = 16
"""Wider prefixes are a slip of the keyboard, not an indicator."""

_V4 = r"\d{1,4}(?:\.\d{1,4}){3}"
_MASK = r"(?:255|254|252|248|240|224|192|128)(?:\.\d{1,3}){3}"
_V6 = r"(?:[0-9a-f]{1,4}|(?=::)):(?:[0-9a-f]{0,4}:){0,6}[0-9a-f]{0,4}"
_SHAPE = re.compile(
    rf"(?P<first>{_V4}|{_V6})[ ]?(?:/[ ]?(?P<mask>{_V4}|\d{{1,4}})|[-\u2013][ ]?(?P<last>{_V4}|{_V6}|\d{{1,4}}))"
    r"(?=$|[\s,;|.)\]])",
    re.IGNORECASE,
)
_USUAL = re.compile(rf"({USUAL_V4})/([89]|[12][0-9]|3[01])")


class Cidr(IocType):
    """`198.51.100.0/24`, also written with a netmask, or as a range that is exactly one network."""

    name: ClassVar[str] = "cidr"
    misp_type: ClassVar[str] = "ip-dst"
    label = _("Network")
    traits = frozenset({Trait.NETWORK})
    lifetime_days: ClassVar[int] = 30
    precedence: ClassVar[int] = 35
    examples: ClassVar[tuple[tuple[str, str], ...]] = (
        ("198.51.100.0/24", "198.51.100.0/24"),
        ("198.51.100.0/255.255.255.0", "198.51.100.0/24"),
        ("198.51.100.64-198.51.100.79", "198.51.100.64/28"),
        ("2001:db8:cafe::1/48", "2001:db8:cafe::/48"),
    )
    opens: ClassVar[str] = r"(?:\d{1,4}\.\d|[0-9A-Fa-f]{0,4}:)"
    signs: ClassVar[tuple[Sign, ...]] = (DOTTED_SIGN,)
    finds: ClassVar[re.Pattern[str] | None] = re.compile(
        rf"(?<![\w.])(?<![\w:]:)(?:{_V4}|{_V6})"
        rf"(?:[ ]?/(?:{_MASK}|\d{{1,4}}+)|[-\u2013](?:{_V4}|{_V6}|\d{{1,3}}+))(?![\w:-]|\.\w)",
        re.IGNORECASE,
    )

    def normalise(self, raw: str, *, explicit: bool = False) -> Canonical:
        """Raises Refusal: `not_a_network`, `bad_prefix_length`, `bad_netmask`, `not_one_network`, `single_address`,
        `too_wide`, `loopback`, `unspecified`, and those of an address.
        """
        del explicit
        shape = _SHAPE.match(cleaned(raw))
        if shape is None:
            raise Refusal("not_a_network", "A network is written as address/length, such as 198.51.100.0/24.")
        first = _address(shape["first"])
        network = _from_mask(first, shape["mask"]) if shape["mask"] else _from_range(first, shape["last"])
        _refuse_width(network)
        refuse_own_machine(network.network_address)
        warnings = special_ranges(*bounds_of(network))
        if shape["mask"] and first != network.network_address:
            warnings += ("host_bits_cleared",)
        return Canonical(str(network), warnings=warnings)

    def usual(self, raw: str) -> Canonical | None:
        """A public network of IPv4 by its first address."""
        shape = _USUAL.fullmatch(raw)
        if shape is None or raw.partition(".")[0] not in ORDINARY_OCTETS:
            return None
        return None if int.from_bytes(inet_aton(shape[1])) & (0xFFFFFFFF >> int(shape[2])) else Canonical(raw)

    def unmistakable(self, match: str) -> bool:
        """Nothing else is written with four octets and a prefix length."""
        return "/" in match

    def pattern(self, value: str, *, subtree: bool = False) -> str:
        """`[ipv4-addr:value = '…/…']`: STIX 2.1 sections 6.7 and 6.8 write networks as addresses with a length."""
        del subtree
        return f"[{'ipv6' if ':' in value else 'ipv4'}-addr:value = {quoted(value)}]"

    def defang(self, value: str) -> str:
        """`198.51.100[.]0/24`."""
        address, length = value.split("/")
        separator = ":" if ":" in address else "."
        return f"[{separator}]".join(address.rsplit(separator, 1)) + f"/{length}"

    def network(self, value: str) -> str | None:
        """The network itself."""
        return value


def _address(text: str) -> IPv4Address | IPv6Address:
    return parse_ipv6(text) if ":" in text else parse_ipv4(text)


def _from_mask(first: IPv4Address | IPv6Address, mask: str) -> IPv4Network | IPv6Network:
    if "." in mask:
        try:
            return IPv4Network((str(first), str(parse_ipv4(mask))), strict=False)
        except ValueError as error:
            raise Refusal("bad_netmask", f"{mask} is not a netmask.") from error
    if int(mask) > first.max_prefixlen:
        raise Refusal("bad_prefix_length", f"/{mask} exceeds {first.max_prefixlen}, the most IPv{first.version} has.")
    return ip_network((first, int(mask)), strict=False)


def _from_range(first: IPv4Address | IPv6Address, text: str) -> IPv4Network | IPv6Network:
    if text.isdigit():  # the short form 198.51.100.64-79
        text = f"{str(first).rpartition('.')[0]}.{text}" if first.version == 4 else text
    last = _address(text)
    size = int(last) - int(first) + 1
    if first.version != last.version or size < 1 or size & (size - 1) or int(first) % size:
        raise Refusal("not_one_network", "The range is not exactly one network: send its networks, one by one.")
    return ip_network((first, first.max_prefixlen - size.bit_length() + 1))


def _refuse_width(network: IPv4Network | IPv6Network) -> None:
    if network.prefixlen == network.max_prefixlen:
        raise Refusal("single_address", f"{network} is a single address: send it as ipv{network.version}.")
    widest = WIDEST_V4 if network.version == 4 else WIDEST_V6
    if network.prefixlen < widest:
        raise Refusal("too_wide", f"A network of IPv{network.version} wider than /{widest} is refused.")


ioc_types.register(Cidr())
