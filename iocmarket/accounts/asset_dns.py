"""Looking for a challenge in the DNS: a TXT record at `_iocmarket-challenge.` in front of the name.

A CNAME there is followed, as RFC 8555 section 8.4 has it. Nothing but the resolvers that the operator named is asked.
"""

from __future__ import annotations

from enum import StrEnum

import dns.exception
import dns.resolver
from django.conf import settings

from iocmarket.accounts.assets import RECORD

SECONDS = 10.0
"""How long one question may take altogether, in seconds."""
_PORT = 53


class Answer(StrEnum):
    """What the DNS said."""

    FOUND = "found"
    ABSENT = "absent"
    """The name, the record or the text is not there."""
    SILENT = "silent"
    """No answer that one could rely on: it says nothing about the record."""


def look_for(challenge: str, *, name: str) -> Answer:
    """Whether the challenge stands at the name."""
    try:
        found = resolver().resolve(f"{RECORD}.{name}.", "TXT", lifetime=SECONDS, search=False)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return Answer.ABSENT
    except (dns.exception.DNSException, OSError):
        return Answer.SILENT
    # A record's text comes in pieces of 255 bytes at most, which belong together (RFC 7208 section 3.3 says so of SPF).
    texts = {b"".join(record.strings).decode("latin-1").strip() for record in found}
    return Answer.FOUND if challenge and challenge in texts else Answer.ABSENT


def resolver() -> dns.resolver.Resolver:
    """What asks the servers of DNS_RESOLVERS; those of the machine where none is named."""
    named: list[tuple[str, int]] = settings.DNS_RESOLVERS
    if not named:
        return dns.resolver.Resolver()
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers = [address for address, _port in named]
    resolver.nameserver_ports = {address: port or _PORT for address, port in named}
    return resolver
