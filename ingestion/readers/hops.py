"""The machine from which a mail came in: what the `Received` headers say of it, as far as they are believed. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from ingestion.readers.sensing import is_outside
from iocmarket.indicators.guard import Network
from iocmarket.indicators.types.suffixes import suffix_list

_HOP = re.compile(r"\s*from\s+(?P<source>\S.{0,1000}?)\s+by\s+(?P<by>[^\s;()]+)", re.IGNORECASE | re.DOTALL)
_BY = re.compile(r"\s*by\s+(?P<by>[^\s;()]+)", re.IGNORECASE)
_LITERAL = re.compile(r"\[(?:IPv6:)?([0-9a-f.:]{3,45})(?:%\w+)?\]", re.IGNORECASE)
_PLAIN = re.compile(r"\(([0-9a-f.:]{3,45})\)", re.IGNORECASE)
_VERIFIED = re.compile(r"\(\s*([a-z0-9][\w.-]*\.[a-z][\w-]+)\.?[\s)\[]", re.IGNORECASE)
_SAME = {"office365.com": "outlook.com", "googlemail.com": "google.com", "gmail.com": "google.com"}
"""Names of one operator whose machines hand mails to each other under both."""


@dataclass(frozen=True, slots=True)
class Hop:
    """The first machine outside."""

    address: str
    name: str
    """What it was called by who received from it: the verified name, else the one that it gave itself."""
    index: int
    """Its place among the headers, the first being 0."""


def first_outside(received: Sequence[str], networks: tuple[Network, ...] = ()) -> Hop | None:
    """The machine from which the recipient's side got the mail.

    Each machine writes its header above those that it got, so that the uppermost are of the recipient's side and true,
    and whatever is below the first machine outside may be invented by it. So: from the top downwards, as long as a
    header tells of a hand-over within the recipient's side. That is one without an address, from an address that is
    not of the Internet or in one of the institution's `networks`, or from a name of the same organisation as one of
    the machines that have received so far. The first that does not is the hand-over from outside, and its address the
    one that was seen by the recipient's side.
    """
    own: set[str] = set()
    for index, header in enumerate(received):
        match = _HOP.match(header)
        if match is None:
            if (by := _BY.match(header)) is not None:
                own.add(_organisation(by["by"]))
            continue
        source = match["source"]
        own.add(_organisation(match["by"]))
        address = _address(source)
        verified = _VERIFIED.search(source)
        name = (verified[1] if verified is not None else source.split()[0]).strip("[]().").lower()
        if address is None or not is_outside(address, networks) or _organisation(name) in own:
            continue
        return Hop(address, name, index)
    return None


def _address(source: str) -> str | None:
    for expression in (_LITERAL, _PLAIN):
        for match in expression.finditer(source):
            try:
                address = ip_address(match[1])
            except ValueError:
                continue
            return str(getattr(address, "ipv4_mapped", None) or address)
    return None


def _organisation(name: str) -> str:
    """Who registered a name; the name itself where that cannot be told."""
    name = name.strip(".").lower()
    try:
        registered = suffix_list().privatesuffix(name) or name
    except (ValueError, UnicodeError):
        return name
    return _SAME.get(registered, registered)
