"""Suricata rules (`alert`): passive detection, so every PAP may be carried, and each rule says its labels.

The syntax was driven against Suricata 7.0: `http.host` refuses `nocase` and capital letters; `dns.query` and `tls.sni`
match sub-names through `dotprefix` and nothing that merely ends alike; a content longer than 255 bytes is cut;
`file.name` needs no application protocol in the rule.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import ClassVar
from urllib.parse import urlsplit

from iocmarket.indicators.types.base import Trait
from iocmarket.indicators.types.files import name_of
from sharing.feeds.formats.base import LineFormat, Mode, comments, formats
from sharing.feeds.items import Item, Meta, Unwritable

SLOTS = 4
"""Rule numbers that one value holds: `sid` … `sid + 3`."""
_REV_SINCE = datetime(2020, 1, 1, tzinfo=UTC)
_CONTENT_MAX = 200
_UNSAFE = re.compile(rb"[^A-Za-z0-9/._~=?&-]+")
# What Suricata rewrites before it compares `http.uri`; such targets are compared as they were sent.
_REWRITTEN = re.compile(r"%|//|\\|/\.")

# buffer → (protocol, what stands before the content, letter case folding)
_NAME_BUFFERS = {
    "dns": ("dns", "dns.query;", " nocase;"),
    "tls": ("tls", "flow:established,to_server; tls.sni;", " nocase;"),
    "http": ("http", "flow:established,to_server; http.host;", ""),
}


class Suricata(LineFormat):
    """Names in DNS, TLS and HTTP, addresses and networks in either direction, web addresses in HTTP, names of files in
    whatever protocol carries them. Hashes need a list in a file beside the rules, which a feed of rules cannot bring.
    """

    name = "suricata"
    label = "Suricata"
    media_type = "text/plain; charset=utf-8"
    extension = "rules"
    mode = Mode.DETECT
    accepts = frozenset({Trait.NAME, Trait.ADDRESS, Trait.NETWORK, Trait.URL, Trait.FILE_NAME})
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {"names": ("all", *_NAME_BUFFERS)}
    numbered = True

    def header(self, meta: Meta) -> bytes:
        """Comments."""
        return comments("#", meta)

    def line(self, item: Item, options: Mapping[str, str]) -> str:
        """The rules of one value. Raises Unwritable: `not_http`."""
        if item.sid is None:
            raise ValueError("a rule needs a number")
        return "".join(
            f"alert {protocol} {ends} ({_message(item)} {match} {_facts(item)} "
            f"sid:{item.sid + slot}; rev:{_revision(item)};)\n"
            for slot, (protocol, ends, match) in _matches(item, options["names"])
        )


def _matches(item: Item, names: str) -> Iterator[tuple[int, tuple[str, str, str]]]:
    """Per rule: its slot, and protocol, addresses and match."""
    if Trait.NAME in item.traits:
        for slot, (buffer, (protocol, before, fold)) in enumerate(_NAME_BUFFERS.items()):
            if names in {"all", buffer}:
                yield slot, (protocol, "any any -> any any", f"{before} {_name(item, fold)}")
    elif Trait.URL in item.traits:
        yield 0, _url(item.value)
    elif Trait.FILE_NAME in item.traits:
        yield 0, ("tcp", "any any -> any any", _file(name_of(item.value)))
    else:
        limit = "threshold:type limit,track by_both,count 1,seconds 3600;"
        yield 0, ("ip", f"any any <> [{ipaddress.ip_network(item.value)}] any", limit)


def _name(item: Item, fold: str) -> str:
    if item.subtree:
        return f'dotprefix; content:"{_content("." + item.value)}";{fold} endswith;'
    return f'content:"{_content(item.value)}";{fold} startswith; endswith;'


def _url(value: str) -> tuple[str, str, str]:
    parts = urlsplit(value)
    host = parts.hostname
    if parts.scheme not in {"http", "https"} or host is None:
        raise Unwritable("not_http")
    host = f"[{host}]" if ":" in host else host
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    port = parts.port if parts.port is not None else "any"
    buffer = "http.uri.raw" if _REWRITTEN.search(target) else "http.uri"
    match = (
        f'flow:established,to_server; http.host; content:"{_content(host)}"; bsize:{len(host)}; '
        f"{buffer}; {_whole(target)}"
    )
    return "http", f"any any -> any {port}", match


def _file(name: str) -> str:
    """A transferred file of that name, with or without a path before it (SMB sends one); letter case means nothing."""
    octets = name.encode()
    exact = "".join(chr(octet) if chr(octet).isalnum() and octet < 128 else f"\\x{octet:02x}" for octet in octets)
    content = _content(octets[-_CONTENT_MAX:])
    return (
        f'flow:established; file.name; content:"{content}"; nocase; endswith; pcre:"/(?:^|[\\x2f\\x5c]){exact}\\z/i";'
    )


def _whole(text: str) -> str:
    """The whole buffer equals the text, which may be longer than one content may be."""
    pieces = [text[start : start + _CONTENT_MAX] for start in range(0, len(text), _CONTENT_MAX)]
    if len(pieces) == 1:
        return f'content:"{_content(text)}"; startswith; endswith;'
    first, *rest = pieces
    chained = "".join(f' content:"{_content(piece)}"; distance:0; within:{len(piece)};' for piece in rest)
    return f'content:"{_content(first)}"; startswith;{chained} bsize:{len(text)};'


def _content(text: str | bytes) -> str:
    """A content in which nothing can end the string, the option or the rule: all but harmless bytes in hexadecimal."""
    octets = text.encode() if isinstance(text, str) else text
    return _UNSAFE.sub(lambda found: b"|" + found[0].hex(" ").encode() + b"|", octets).decode()


def _message(item: Item) -> str:
    return f'msg:"IOC market {item.type} {" ".join(item.threat_types)}";'


def _facts(item: Item) -> str:
    return (
        f"metadata:ioc_uuid {item.public_id}, tlp {item.marking.tlp.slug}, pap {item.marking.pap.slug}, "
        f"first_seen {item.first_seen:%Y_%m_%d};"
    )


def _revision(item: Item) -> int:
    """Seconds since 2020: a rule that changed has a higher one than before."""
    return max(1, int((item.changed - _REV_SINCE).total_seconds()))


formats.register(Suricata())
