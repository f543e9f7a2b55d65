"""What an applicant says the institution owns: domains and networks, one a line or with commas, made canonical.

Pure. The blocking guard later believes what was verified, so what would guard half the world is refused here: a public
suffix, a network that nobody owns or that is too wide.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable

from iocmarket.indicators.types import ioc_types
from iocmarket.indicators.types.suffixes import suffix_list
from iocmarket.kernel.decision import Refusal

MOST = 50
"""Lines of each kind: an institution with more adds them once it is in."""
WIDEST_V4, WIDEST_V6 = 8, 19
"""The widest networks that registries gave to one holder (prefix lengths)."""


def domains_in(text: str) -> list[str]:
    """Each once, in order. Raises Refusal: `bad_domain`, `public_suffix`, `too_many`."""
    return _each(text, _domain)


def networks_in(text: str) -> list[str]:
    """Each once, in order; an address is a network of one. Raises Refusal: `bad_network`, `too_many`."""
    return _each(text, _network)


def domain_of(address: str) -> str:
    """The domain of an e-mail address, in lower case."""
    return address.rpartition("@")[2].strip().lower().rstrip(".")


def lies_under(name: str, domains: list[str]) -> bool:
    """Whether the name is one of the domains or a name below one."""
    return any(name == domain or name.endswith(f".{domain}") for domain in domains)


def _each(text: str, read: Callable[[str], str]) -> list[str]:
    words = [word for word in re.split(r"[\s,;]+", text) if word]
    if len(words) > MOST:
        raise Refusal("too_many", f"at most {MOST}; you can add more once you are in")
    return list(dict.fromkeys(read(word) for word in words))


def _domain(word: str) -> str:
    try:
        name = ioc_types["domain"].normalise(word.removeprefix("@"), explicit=True).value
    except Refusal as refusal:
        raise Refusal("bad_domain", f"{word[:80]!r} is no domain") from refusal
    if suffix_list().publicsuffix(name) == name:
        raise Refusal("public_suffix", f"anybody may register under {name!r}")
    return str(name)


def _network(word: str) -> str:
    try:
        network = ipaddress.ip_network(word, strict=False)
    except ValueError:
        raise Refusal("bad_network", f"{word[:80]!r} is no network") from None
    widest = WIDEST_V4 if network.version == 4 else WIDEST_V6
    if network.prefixlen < widest or not network.is_global:
        raise Refusal("bad_network", f"{word[:80]!r} belongs to no institution")
    return str(network)
