"""How Suricata 7 sees each kind of value: protocol, ends and options of a rule. Driven against the program.

`http.host` refuses `nocase` and capital letters; `dns.query` and `tls.sni` match sub-names through `dotprefix` and
nothing that merely ends alike; `file.name` needs no application protocol. A probe that does not compute JA3 or JA4
passes over the rules that say so (`requires`).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from iocmarket.indicators.types.base import Trait
from iocmarket.indicators.types.files import name_of
from sharing.feeds.items import Item
from sharing.feeds.signatures import CONTENT_MAX, content, exactly, page

_ANY = "any any -> any any"
_TO_SERVER, _TO_CLIENT = "flow:established,to_server;", "flow:established,to_client;"
# Once an hour for each pair of machines.
_SELDOM = "threshold:type limit,track by_both,count 1,seconds 3600;"
# What Suricata rewrites before it compares `http.uri`; such targets are compared as they were sent.
_REWRITTEN = re.compile(r"%|//|\\|/\.")
_SENDERS = {"email-reply-to": "Reply-To"}

# buffer → (protocol, what stands before the content, letter case folding)
NAME_BUFFERS = {
    "dns": ("dns", "dns.query;", " nocase;"),
    "tls": ("tls", f"{_TO_SERVER} tls.sni;", " nocase;"),
    "http": ("http", f"{_TO_SERVER} http.host;", ""),
}


class Match(NamedTuple):
    """A rule without its message, its facts and its number."""

    protocol: str
    ends: str
    options: str


def matches(item: Item, names: str) -> Iterator[tuple[int, Match]]:
    """The rules of one value, each with the place of its number. Raises Unwritable(`not_http`).

    `names`: a key of NAME_BUFFERS, or `all`.
    """
    if Trait.NAME in item.traits:
        for slot, (buffer, (protocol, before, fold)) in enumerate(NAME_BUFFERS.items()):
            if names in {"all", buffer}:
                yield slot, Match(protocol, _ANY, f"{before} {_name(item, fold)}")
    elif (single := _BY_TYPE.get(item.type)) is not None:
        yield 0, single(item.value)
    elif Trait.URL in item.traits:
        yield 0, _url(item.value)
    elif Trait.FILE_NAME in item.traits:
        yield 0, Match("tcp", _ANY, _file(name_of(item.value)))
    elif Trait.MAIL in item.traits:
        yield 0, _sender(item.value, _SENDERS.get(item.type, "MAIL FROM|From|Sender|Return-Path|Reply-To"))
    else:
        yield 0, Match("ip", f"any any <> [{ipaddress.ip_network(item.value)}] any", _SELDOM)


def _name(item: Item, fold: str) -> str:
    if item.subtree:
        return f'dotprefix; content:"{content("." + item.value)}";{fold} endswith;'
    return f'content:"{content(item.value)}";{fold} startswith; endswith;'


def _url(value: str) -> Match:
    host, port, target = page(value)
    buffer = "http.uri.raw" if _REWRITTEN.search(target) else "http.uri"
    host_is = f'http.host; content:"{content(host)}"; bsize:{len(host)};'
    ends = f"any any -> any {'any' if port is None else port}"
    return Match("http", ends, f"{_TO_SERVER} {host_is} {buffer}; {_whole(target)}")


def _file(name: str) -> str:
    """A transferred file of that name, with or without a path before it (SMB sends one); letter case means nothing."""
    end = content(name.encode()[-CONTENT_MAX:])
    path = f'pcre:"/(?:^|[\\x2f\\x5c]){exactly(name)}\\z/i";'
    return f'flow:established; file.name; content:"{end}"; nocase; endswith; {path}'


def _sender(address: str, fields: str) -> Match:
    """A mail from that address, in the envelope or in the header; letter case means nothing in practice."""
    octets = content(address.encode()[-CONTENT_MAX:])
    line = f'pcre:"/(?:^|\\n)(?:{fields})\\s*:(?:[^\\r\\n]*[\\s<\\x22])?{exactly(address)}[>\\s\\x22]/i";'
    return Match("smtp", _ANY, f'{_TO_SERVER} content:"{octets}"; nocase; {line}')


def _whole(text: str) -> str:
    """The whole buffer equals the text, which may be longer than one content may be."""
    octets = text.encode()
    pieces = [octets[start : start + CONTENT_MAX] for start in range(0, len(octets), CONTENT_MAX)]
    if len(pieces) == 1:
        return f'content:"{content(text)}"; startswith; endswith;'
    first, *rest = pieces
    chained = "".join(f' content:"{content(piece)}"; distance:0; within:{len(piece)};' for piece in rest)
    return f'content:"{content(first)}"; startswith;{chained} bsize:{len(octets)};'


def _buffer(protocol: str, before: str) -> Callable[[str], Match]:
    return lambda value: Match(protocol, _ANY, f"{before} {_whole(value)}")


def _endpoint(value: str) -> Match:
    address, _, port = value.rpartition(":")
    return Match("tcp", f"any any <> [{address.strip('[]')}] {port}", _SELDOM)


_BY_TYPE: dict[str, Callable[[str], Match]] = {
    "ja3": _buffer("tls", f"requires:feature ja3; {_TO_SERVER} ja3.hash;"),
    "ja3s": _buffer("tls", f"requires:feature ja3; {_TO_CLIENT} ja3s.hash;"),
    "ja4": _buffer("tls", f"requires:feature ja4; {_TO_SERVER} ja4.hash;"),
    "hassh": _buffer("ssh", "ssh.hassh;"),
    "x509-sha1": lambda value: _buffer("tls", f"{_TO_CLIENT} tls.cert_fingerprint;")(colons(value)),
    "user-agent": _buffer("http", f"{_TO_SERVER} http.user_agent;"),
    "ip-port": _endpoint,
}
TYPES = frozenset(_BY_TYPE)
"""Types that are matched by name; others by a trait."""


def colons(digits: str) -> str:
    """Hexadecimal digits in pairs, as `tls.cert_fingerprint` has them."""
    return ":".join(digits[place : place + 2] for place in range(0, len(digits), 2))
