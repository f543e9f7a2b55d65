"""The blocking guard: what never enters a feed that blocks, whatever anyone submits (domain.md, Blocking guard).

Pure: a value's facts, the members' assets and the warning lists in, a decision with its reason out. The value stays
visible to those who may see it; the reason is shown beside it. A rule is one function in `RULES`.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from publicsuffixlist import PublicSuffixList

from iocmarket.indicators.subjects import Intervals, Network, Span, Subject, by_version, subject_of
from iocmarket.indicators.types.base import Trait
from iocmarket.kernel.decision import Decision
from iocmarket.listed.lists import BUNDLED, Lists

__all__ = ["REASONS", "Assets", "Network", "Subject", "belonging", "guard", "subject_of"]

# The widest networks that may be blocked (prefix lengths).
WIDEST_V4 = 16
WIDEST_V6 = 32

# RFC 6890 (special-purpose registries) and its successors; each line names the reason shown to people.
_SPECIAL = (
    ("unspecified_address", ("0.0.0.0/8", "::/128")),
    ("private_address", ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")),
    ("shared_address", ("100.64.0.0/10",)),  # RFC 6598: behind a carrier's address translation
    ("loopback_address", ("127.0.0.0/8", "::1/128")),
    ("link_local_address", ("169.254.0.0/16", "fe80::/10")),
    ("documentation_address", ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "3fff::/20")),
    ("multicast_address", ("224.0.0.0/4", "ff00::/8")),
    ("reserved_address", ("192.0.0.0/24", "198.18.0.0/15", "240.0.0.0/4", "::ffff:0:0/96", "64:ff9b::/96")),
)

REASONS: dict[str, str | Promise] = {
    "unspecified_address": _("the address stands for no machine"),
    "private_address": _("the address is private"),
    "shared_address": _("the address is shared behind a carrier's address translation"),
    "loopback_address": _("the address is a machine's own"),
    "link_local_address": _("the address is valid on one link only"),
    "documentation_address": _("the address is reserved for documentation"),
    "multicast_address": _("the address is a multicast group"),
    "reserved_address": _("the address is reserved by a standard"),
    "too_wide": _("the network is too wide to be blocked"),
    "asset": _("it belongs to a member institution"),
    "covers_asset": _("blocking it would also block a member institution"),
    "warning_list": _("it stands on a warning list of what must keep working"),
    "public_suffix": _("the name is a public suffix, under which anybody may register"),
}

_SPECIAL_RANGES = by_version((ipaddress.ip_network(text), label) for label, texts in _SPECIAL for text in texts)


def special_range(span: Span) -> str | None:
    """Why no address of the network is anybody's own, where it shares one with a range of special purpose."""
    return _SPECIAL_RANGES[span.version].overlapping(span)


@dataclass(frozen=True)
class Assets:
    """The verified domains (also those of mail), networks and autonomous systems of the members, made ready for many
    questions.
    """

    domains: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()
    asns: frozenset[str] = frozenset()
    _above: frozenset[str] = field(init=False, repr=False)
    _ranges: dict[int, Intervals] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        above = frozenset(parent for domain in self.domains for parent in _ancestors(domain))
        object.__setattr__(self, "_above", above)
        object.__setattr__(self, "_ranges", by_version((network, "asset") for network in self.networks))

    def own(self, name: str) -> bool:
        """Whether the name is a member's domain or lies under one."""
        return name in self.domains or any(parent in self.domains for parent in _ancestors(name))

    def lie_under(self, name: str) -> bool:
        """Whether a member's domain lies under the name."""
        return name in self._above

    def overlap(self, network: Span) -> bool:
        """Whether the network shares an address with a member's."""
        return self._ranges[network.version].overlapping(network) is not None


_ALLOWED = Decision(True, "allowed")
Rule = Callable[[Subject, Assets, Lists], str | None]
"""A rule answers with the reason for keeping the value out, or None."""


def guard(subject: Subject, assets: Assets, lists: Lists = BUNDLED) -> Decision:
    """Whether a feed that blocks may carry the value; the reason is a key of REASONS, or `allowed`."""
    for rule in RULES:
        if reason := rule(subject, assets, lists):
            return Decision(False, reason)
    return _ALLOWED


def _special_address(subject: Subject, _assets: Assets, _lists: Lists) -> str | None:
    return None if subject.network is None else special_range(subject.network)


def _too_wide(subject: Subject, _assets: Assets, _lists: Lists) -> str | None:
    network = subject.network
    if network is None:
        return None
    return "too_wide" if network.prefixlen < (WIDEST_V4 if network.version == 4 else WIDEST_V6) else None


def belonging(subject: Subject, assets: Assets) -> str | None:
    """Why it is a member's business: it is a member's (`asset`), or blocking it would block one (`covers_asset`)."""
    if subject.network is not None and assets.overlap(subject.network):
        return "asset"
    if subject.asn is not None and subject.asn in assets.asns:
        return "asset"
    if subject.name is None:
        return None
    if assets.own(subject.name):
        return "asset"
    return "covers_asset" if subject.subtree and assets.lie_under(subject.name) else None


def _asset(subject: Subject, assets: Assets, _lists: Lists) -> str | None:
    return belonging(subject, assets)


def _public_suffix(subject: Subject, _assets: Assets, _lists: Lists) -> str | None:
    if subject.name is None or Trait.NAME not in subject.traits:
        return None
    return "public_suffix" if _suffixes().publicsuffix(subject.name) == subject.name else None


def _listed(subject: Subject, _assets: Assets, lists: Lists) -> str | None:
    return "warning_list" if lists.guards(subject) else None


RULES: tuple[Rule, ...] = (_too_wide, _special_address, _asset, _public_suffix, _listed)


def _ancestors(name: str) -> list[str]:
    """The names above a name, the nearest first."""
    labels = name.split(".")
    return [".".join(labels[start:]) for start in range(1, len(labels))]


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()
