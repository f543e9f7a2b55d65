"""IPv4 and IPv6 addresses.

Special-purpose ranges follow the IANA registries (RFC 6890 and its updates). An address that can only mean the
reader's own machine is refused; one that is not public is accepted with a warning, because detection inside a network
may need it, and the blocking guard keeps it out of block feeds.
"""

from __future__ import annotations

import re
from functools import cache
from ipaddress import AddressValueError, IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from socket import AF_INET6, inet_ntop, inet_pton
from typing import ClassVar

from iocmarket.indicators.types.base import (
    AFTER_USUAL,
    DOTTED_SIGN,
    Canonical,
    IocType,
    Sign,
    Trait,
    cleaned,
    ioc_types,
    quoted,
)
from iocmarket.kernel.decision import Refusal

Bounds = tuple[int, int, int]
"""IP version, first and last address as integers: comparing them is twenty times faster than ipaddress's `overlaps`."""


def _bounds(*networks: str) -> list[Bounds]:
    return [bounds_of(ip_network(network)) for network in networks]


def bounds_of(network: IPv4Network | IPv6Network) -> Bounds:
    """The version, the first and the last address of a network."""
    return network.version, int(network.network_address), int(network.broadcast_address)


_RANGES = {
    "private_address": _bounds("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"),
    "shared_address": _bounds("100.64.0.0/10"),  # RFC 6598, carrier-grade NAT
    "link_local": _bounds("169.254.0.0/16", "fe80::/10"),
    "multicast": _bounds("224.0.0.0/4", "ff00::/8"),
    "documentation_range": _bounds("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "3fff::/20"),
    "benchmark_range": _bounds("198.18.0.0/15", "2001:2::/48"),  # RFC 2544, RFC 5180
}
_RESERVED_V4 = _bounds("192.0.0.0/24", "240.0.0.0/4")
# All that IANA gives out lies here (RFC 4291 section 2.4), but for the translation prefix of RFC 6052.
_UNICAST_V6 = _bounds("2000::/3", "64:ff9b::/96")


def special_ranges(version: int, first: int, last: int) -> tuple[str, ...]:
    """The warning codes of the special-purpose ranges that a stretch of addresses overlaps."""
    codes = tuple(
        code
        for code, ranges in _RANGES.items()
        if any(known == version and first <= end and start <= last for known, start, end in ranges)
    )
    if version == 4:
        reserved = any(first <= end and start <= last for _version, start, end in _RESERVED_V4)
    else:
        reserved = not any(start <= first and last <= end for _version, start, end in _UNICAST_V6)
    return codes or (("reserved_address",) if reserved else ())


_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
USUAL_V4 = rf"(?:{_OCTET}\.){{3}}{_OCTET}"
"""The one spelling of an IPv4 address that everybody reads alike."""
_USUAL_V4 = re.compile(USUAL_V4)
ORDINARY_OCTETS = frozenset(
    str(octet)
    for octet in range(1, 224)
    if octet != 127 and not special_ranges(4, octet << 24, (octet << 24) + 0xFFFFFF)
)
"""First octets of which no address has anything special: not refused, no warning."""


def is_usual_ipv4(text: str) -> bool:
    """Whether this is an IPv4 address in its canonical form of which there is nothing to say."""
    return _USUAL_V4.fullmatch(text) is not None and is_ordinary(text)


def is_ordinary(address: str) -> bool:
    """The same of what has the form of one."""
    first, _dot, rest = address.partition(".")
    return first in ORDINARY_OCTETS or _is_ordinary_pair(int(first), int(rest.partition(".")[0]))


@cache
def _is_ordinary_pair(first: int, second: int) -> bool:
    """Of the first two octets, of which there are 65 536."""
    start = (first << 24) + (second << 16)
    return 0 < first < 224 and first != 127 and not special_ranges(4, start, start + 0xFFFF)


_USUAL_V6 = re.compile(r"[0-9a-f:]{3,39}")
_SPECIAL_GROUPS = frozenset(
    group
    for ranges in _RANGES.values()
    for version, first, last in ranges
    if version == 6
    for group in range(first >> 112, (last >> 112) + 1)
)


def is_usual_ipv6(text: str) -> bool:
    """The same of IPv6: given out to somebody, and in the form of RFC 5952."""
    if _USUAL_V6.fullmatch(text) is None:
        return False
    try:
        packed = inet_pton(AF_INET6, text)
    except OSError:
        return False
    group = int.from_bytes(packed[:2])
    return 0x2000 <= group < 0x4000 and group not in _SPECIAL_GROUPS and inet_ntop(AF_INET6, packed) == text


def refuse_own_machine(address: IPv4Address | IPv6Address) -> None:
    """Raise Refusal `loopback` or `unspecified` for an address that means the machine on which it is read."""
    if address.is_loopback:
        raise Refusal("loopback", f"{address} is the loopback address: it means the machine on which it is read.")
    if address.is_unspecified or (isinstance(address, IPv4Address) and int(address) >> 24 == 0):
        raise Refusal("unspecified", f"{address} means “no address” or “this network”, not a machine.")


def judge_address(address: IPv4Address | IPv6Address) -> tuple[str, ...]:
    """The warnings of one address. Raises Refusal `loopback` or `unspecified`."""
    refuse_own_machine(address)
    return special_ranges(address.version, int(address), int(address))


def _judged(address: IPv4Address | IPv6Address, *warnings: str) -> Canonical:
    return Canonical(str(address), warnings=(*judge_address(address), *warnings))


def parse_ipv4(text: str) -> IPv4Address:
    """Four decimal octets. Raises Refusal: `leading_zero` (octal to some readers), `octet_too_large`, `not_ipv4`."""
    octets = text.split(".")
    if len(octets) != 4 or not all(octet.isascii() and octet.isdigit() for octet in octets):
        raise Refusal("not_ipv4", "An IPv4 address is four numbers from 0 to 255 with dots between them.")
    for octet in octets:
        if len(octet) > 1 and octet.startswith("0"):
            raise Refusal("leading_zero", f"“{octet[:20]}” starts with a zero, which some programs read as octal.")
        if len(octet) > 3 or int(octet) > 255:
            raise Refusal("octet_too_large", f"“{octet[:20]}” exceeds 255, the largest part of an IPv4 address.")
    return IPv4Address(text)


_TIME = re.compile(r"[0-9]{1,2}:[0-9]{2}:[0-9]{2}")


def _not_ipv6() -> Refusal:
    return Refusal("not_ipv6", "This is not an IPv6 address: it has eight groups, or “::” for those that are zero.")


def parse_ipv6(text: str) -> IPv6Address:
    """An IPv6 address without zone. Raises Refusal: `ipv4_mapped`, `zone_index`, `not_ipv6`."""
    if "%" in text:
        raise Refusal("zone_index", "An address with a zone index (%) means an interface of one machine.")
    if "::" not in text and text.count(":") < 6:  # mostly a time of day: told without ado
        raise _not_ipv6()
    try:
        address = IPv6Address(text)
    except AddressValueError as error:
        raise Refusal("not_ipv6", f"This is not an IPv6 address: {error}.") from error
    if address.ipv4_mapped is not None:
        raise Refusal("ipv4_mapped", f"This is the IPv4 address {address.ipv4_mapped}: send it as ipv4.")
    return address


_VERSION_BEFORE = re.compile(
    r"(?:\b(?:version|ver|v|oid|build|release|firmware)[ .:=]{0,3}|[A-Za-z_]/)$", re.IGNORECASE
)
_HOSTS_FILE = re.compile(r"(?:0\.0\.0\.0|127\.0\.0\.1)[ \t]+\S")


class IPv4(IocType):
    """One IPv4 address, `192.0.2.7`; a port after it is dropped with the warning `port_dropped`."""

    name: ClassVar[str] = "ipv4"
    misp_type: ClassVar[str] = "ip-dst"
    label = "IPv4"
    traits = frozenset({Trait.ADDRESS})
    lifetime_days: ClassVar[int] = 30
    precedence: ClassVar[int] = 30
    examples: ClassVar[tuple[tuple[str, str], ...]] = (
        ("198.51.100[.]7", "198.51.100.7"),
        ("198.51.100.7:443", "198.51.100.7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("198.51.100.7/32", "198.51.100.7"),
    )
    opens: ClassVar[str] = r"(?:::|\d{1,4}\.\d)"
    signs: ClassVar[tuple[Sign, ...]] = (DOTTED_SIGN,)
    finds: ClassVar[re.Pattern[str] | None] = re.compile(
        r"(?<![\w.])(?:::ffff:)?\d{1,4}+(?:\.\d{1,4}+){3}(?:/32(?![\w.])|:\d{1,5}+)?"
        r"(?!\w|\.\w|[ ]?/\d{1,4}(?!\w|\.\w)|-\d{1,3}(?![\w-]))",
        re.IGNORECASE,
    )
    # What follows may be the rest of a network, of a range, of an address with its port.
    plain: ClassVar[str | None] = rf"{USUAL_V4}{AFTER_USUAL}(?![ ]/)"
    _shape = re.compile(r"\[?(?:::ffff:)?(?P<address>[0-9.]+?)\]?\.?(?:/32|(?P<port>:\d{1,5}))?", re.IGNORECASE)

    def normalise(self, raw: str, *, explicit: bool = False) -> Canonical:
        """Raises Refusal: `not_ipv4`, `leading_zero`, `octet_too_large`, `loopback`, `unspecified`."""
        del explicit
        shape = self._shape.fullmatch(cleaned(raw))
        if shape is None:
            raise Refusal("not_ipv4", "An IPv4 address is four numbers from 0 to 255 with dots between them.")
        return _judged(parse_ipv4(shape["address"]), *(["port_dropped"] if shape["port"] else []))

    def usual(self, raw: str) -> Canonical | None:
        """A public address and nothing beside it."""
        return Canonical(raw) if is_usual_ipv4(raw) else None

    def known(self, text: str, start: int, end: int) -> Canonical | None:
        """A public address that is no version number."""
        address = text[start:end]
        if not is_ordinary(address) or (start and self._is_version(text, start)):
            return None
        return Canonical(address)

    def settle(self, text: str, start: int, end: int) -> int | None:
        """Not a version number (`Firefox/115.0.2.1`, `OID 2.5.29.37`), nor the sink of a line of a hosts file."""
        if self._is_version(text, start):
            return None
        if start < 64 and not text[:start].strip() and _HOSTS_FILE.match(text, start):
            return None
        return end

    @staticmethod
    def _is_version(text: str, start: int) -> bool:
        return _VERSION_BEFORE.search(text, max(0, start - 16), start) is not None

    def pattern(self, value: str, *, subtree: bool = False) -> str:
        """`[ipv4-addr:value = '…']`."""
        del subtree
        return f"[ipv4-addr:value = {quoted(value)}]"

    def defang(self, value: str) -> str:
        """`198.51.100[.]7`."""
        return "[.]".join(value.rsplit(".", 1))

    def network(self, value: str) -> str | None:
        """The address itself."""
        return value


class IPv6(IocType):
    """One IPv6 address in the form of RFC 5952."""

    name: ClassVar[str] = "ipv6"
    misp_type: ClassVar[str] = "ip-dst"
    label = "IPv6"
    traits = frozenset({Trait.ADDRESS})
    lifetime_days: ClassVar[int] = 30
    precedence: ClassVar[int] = 40
    examples: ClassVar[tuple[tuple[str, str], ...]] = (
        ("2001:DB8:CAFE:0:0:0:0:15", "2001:db8:cafe::15"),
        ("[2001:db8:cafe::15]:443", "2001:db8:cafe::15"),
        ("2001[:]db8[:]cafe[:][:]15", "2001:db8:cafe::15"),
    )
    opens: ClassVar[str] = "[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:]"
    signs: ClassVar[tuple[Sign, ...]] = (DOTTED_SIGN,)
    finds: ClassVar[re.Pattern[str] | None] = re.compile(
        r"(?:(?<=ipv6:)|(?<![\w.])(?<![0-9a-f:]:))(?<!::)(?:[0-9a-f]{1,4}+|(?=::)):(?:[0-9a-f]{0,4}+:){1,7}+"
        r"(?:[0-9a-f]{0,4}+)(?:/128(?!\d))?(?![\w:%]|/\d|\.\d)",
        re.IGNORECASE,
    )
    _shape = re.compile(r"(?:\[(?P<boxed>[^\]]*)\](?P<port>:\d{1,5})?|(?P<bare>[^\[\]/]*?))\.?(?:/128)?")

    def normalise(self, raw: str, *, explicit: bool = False) -> Canonical:
        """Raises Refusal: `not_ipv6`, `ipv4_mapped`, `zone_index`, `loopback`, `unspecified`; in free text
        `not_allocated`.
        """
        shape = self._shape.fullmatch(cleaned(raw))
        if shape is None:
            raise Refusal("not_ipv6", "This is not an IPv6 address.")
        found = _judged(parse_ipv6(shape["boxed"] or shape["bare"] or ""), *(["port_dropped"] if shape["port"] else []))
        if not explicit and "reserved_address" in found.warnings:
            raise Refusal("not_allocated", f"{found.value} lies in a range that is not in use: a time or a ratio?")
        return found

    def usual(self, raw: str) -> Canonical | None:
        """A public address and nothing beside it."""
        return Canonical(raw) if is_usual_ipv6(raw) else None

    def read(self, raw: str, *, explicit: bool = False) -> Canonical:
        """As every type, but for a time of day, which is refused without ado."""
        if _TIME.fullmatch(raw) is not None:
            raise _not_ipv6()
        return super().read(raw, explicit=explicit)

    def pattern(self, value: str, *, subtree: bool = False) -> str:
        """`[ipv6-addr:value = '…']`."""
        del subtree
        return f"[ipv6-addr:value = {quoted(value)}]"

    def defang(self, value: str) -> str:
        """`2001:db8:cafe:[:]15`: the last colon in brackets."""
        return "[:]".join(value.rsplit(":", 1))

    def network(self, value: str) -> str | None:
        """The address itself."""
        return value


ioc_types.register(IPv4())
ioc_types.register(IPv6())
