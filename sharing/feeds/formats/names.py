"""DNS names and addresses as configurations and zones carry them: nothing but plain A-labels and numbers."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping

from iocmarket.indicators.types.base import Trait
from iocmarket.indicators.types.names import ascii_name
from iocmarket.kernel.decision import Refusal
from sharing.feeds.formats.base import LineFormat, Tally
from sharing.feeds.items import Item, Place, Unwritable

_NAME = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_LONGEST = 253
"""Characters, without the final dot (RFC 1035 section 2.3.4)."""


def dns_name(value: str) -> str:
    """The name, if it has two labels or more and nothing but what labels have. Raises Unwritable(`not_a_dns_name`)."""
    if len(value) > _LONGEST or _NAME.fullmatch(value) is None:
        raise Unwritable("not_a_dns_name")
    return value


def host_read(text: str) -> str:
    """A name, or an IPv4 and an IPv6 address or one of them, for an option. Raises ValueError with a sentence."""
    try:
        return ",".join(addresses_in(text)) or _full_name(text)
    except (Refusal, Unwritable) as error:
        raise ValueError("a full DNS name, an IPv4 address, an IPv6 address, or both with a comma") from error


def addresses_in(text: str) -> tuple[str, ...]:
    """An address of either version or of both, or nothing."""
    try:
        found = [ipaddress.ip_address(word.strip()) for word in text.split(",")]
    except ValueError:
        return ()
    once = len({address.version for address in found}) == len(found)
    return tuple(map(str, found)) if once and "%" not in text else ()


def _full_name(text: str) -> str:
    name = dns_name(ascii_name(text))
    if name.rpartition(".")[2].isdigit():
        raise Unwritable("not_a_dns_name")
    return name


def uncovered(items: Iterable[Item], tally: Tally) -> Iterator[Item]:
    """Without the names below another one that is listed with all names below it; those are told as `covered`.

    The names come by their labels from the top (`LineFormat.nested`), each label ended by a dot: then all names below
    one follow it at once, and one to compare with is enough.
    """
    above = ""
    for item in items:
        if Trait.NAME in item.traits:
            spelling = from_the_top(item.value)
            if above and spelling.startswith(above):
                tally.leave(item, "covered")
                continue
            if item.subtree:
                above = spelling
        yield item


class ByName(LineFormat):
    """A format of names that leaves out what another one covers (`uncovered`)."""

    nested = True

    def written(self, items: Iterable[Item], options: Mapping[str, str], tally: Tally) -> Iterator[bytes]:
        """Without names below a listed one: where one stands, `*.` of its parent ends (RFC 4592 section 2.2)."""
        return super().written(uncovered(items, tally), options, tally)

    def in_stretches(self, options: Mapping[str, str]) -> bool:
        """A name is covered by one with the same two labels on top: nothing shorter is listed."""
        del options
        return True

    def apart(self, one: Place, other: Place) -> bool:
        """Whether no name covers both."""
        return one.type != other.type or not one.under or _top(one) != _top(other)


def _top(place: Place) -> list[str]:
    return place.under.split(".", 2)[:2]


def from_the_top(name: str) -> str:
    """`fr.evil.www.`: begins as every name above it does, spelled like this."""
    return ".".join(reversed(name.split("."))) + "."
