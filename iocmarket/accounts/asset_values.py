"""What may be declared as an asset, in the form in which it is kept. Pure: no database, no DNS.

An asset takes something out of everybody's blocking, so that what may be one is bounded: never a name or a network in
which others live too.
"""

from __future__ import annotations

import ipaddress

from iocmarket.accounts.models import Asset
from iocmarket.indicators.guard import Network, special_range
from iocmarket.indicators.subjects import span_of
from iocmarket.indicators.types import ioc_types
from iocmarket.indicators.types.names import ascii_name
from iocmarket.indicators.warninglists.mail_providers import of_a_provider
from iocmarket.kernel.decision import Refusal

WIDEST = {4: 14, 6: 29}
"""The shortest prefix, by version. A university has a /16 of IPv4 (a former class B) at most, a regional network a few
of them side by side; a provider's first allocation of IPv6 is a /29 at most (RIPE-738, section 5.1.2). Whoever has more
declares it in parts, each of which an administrator looks at.
"""
NAMES = frozenset({Asset.Kind.DOMAIN, Asset.Kind.MAIL_DOMAIN})
LONGEST = 253
_FOR_TRYING = (".example", ".test")
"""Names for documentation and trying out (RFC 2606): in no public DNS, so one of them keeps nothing from anybody."""


def normalised(kind: str, text: str) -> str:
    """The value as it is kept. Raises Refusal: `unknown_kind`, those of DNS names, networks and AS numbers,
    `public_suffix`, `shared_domain`, `too_wide`, `special_network`, `special_asn`.
    """
    text = text.strip()
    if len(text) > LONGEST:
        raise Refusal("too_long", f"an asset has at most {LONGEST} characters", where="/value")
    try:
        if kind in NAMES:
            return _name(text.removeprefix("@"))
        if kind == Asset.Kind.NETWORK:
            return _network(text)
        if kind == Asset.Kind.ASN:
            return _asn(text)
    except Refusal as refusal:
        raise Refusal(refusal.code, refusal.detail, where="/value") from refusal
    raise Refusal("unknown_kind", f"{kind[:40]!r} is no kind; one of {', '.join(Asset.Kind.values)}", where="/kind")


def _name(text: str) -> str:
    if text.rstrip(".").lower().endswith(_FOR_TRYING):
        return ascii_name(text.removeprefix("*").removeprefix("."))
    found = ioc_types["domain"].normalise(text, explicit=True)
    if "private_suffix" in found.warnings:
        raise Refusal("public_suffix", f"Everybody gets names under {found.value}: it is a public suffix.")
    if of_a_provider(found.value):
        raise Refusal("shared_domain", f"{found.value} is shared by everybody who has a mailbox there.")
    return found.value


def _network(text: str) -> str:
    network = network_of(text)
    widest = WIDEST[network.version]
    if network.prefixlen < widest:
        detail = f"a network of IPv{network.version} wider than /{widest} is declared in parts"
        raise Refusal("too_wide", detail)
    if special_range(span_of(str(network))):
        raise Refusal("special_network", f"{network} is set aside by a standard: it is nobody's own")
    return str(network)


def network_of(text: str) -> Network:
    """A network or one address. Raises Refusal(`not_a_network`)."""
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise Refusal(
            "not_a_network", "a network is written as address/length, such as 193.48.0.0/24, or as one address"
        ) from error


def _asn(text: str) -> str:
    found = ioc_types["asn"].normalise(text, explicit=True)
    if {"private_asn", "reserved_asn"}.intersection(found.warnings):
        raise Refusal("special_asn", f"{found.value} is set aside by a standard: it is nobody's own")
    return found.value


def overlap(kind: str, value: str, other_kind: str, other: str) -> bool:
    """Whether two assets have something in common: the same name or one under the other, a common address, the same
    number. Both values are as `normalised` gives them.
    """
    if kind in NAMES and other_kind in NAMES:
        return value == other or value.endswith(f".{other}") or other.endswith(f".{value}")
    if kind != other_kind:
        return False
    if kind == Asset.Kind.NETWORK:
        first, second = ipaddress.ip_network(value), ipaddress.ip_network(other)
        return first.version == second.version and first.overlaps(second)
    return value == other
