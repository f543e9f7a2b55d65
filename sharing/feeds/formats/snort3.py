"""Snort 3 rules (`alert`): passive detection, so every PAP may be carried, and each rule says its labels.

Snort has no buffer for names in DNS or TLS: a name is looked for as it stands in a question, labels behind their
lengths (RFC 1035 section 4.1.2), and in the field Host of requests. The length before the first label keeps
`notevil.org` apart from `evil.org`; a question begins behind twelve octets of header, where a name that means no
sub-name has to stand.
Modifiers stand behind a comma, as in Snort 3 alone.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from typing import ClassVar, NamedTuple

from iocmarket.indicators.types.base import Trait
from sharing.feeds.formats.base import LineFormat, Mode, Recipe, comments, fetch, formats
from sharing.feeds.formats.suricata import revision
from sharing.feeds.items import Item, Meta
from sharing.feeds.signatures import content, exactly, facts, message, page

_DNS_HEADER = 12
_TO_SERVER = "flow:to_server,established;"
_LUA = 'ips = { include = "/usr/local/etc/rules/{name}", variables = default_variables }\n'


class _Match(NamedTuple):
    """A rule without its message, its facts and its number."""

    head: str
    options: str


class Snort3(LineFormat):
    """Names in DNS and HTTP, addresses, networks, endpoints, web addresses, user agents."""

    name = "snort3"
    label = "Snort 3"
    media_type = "text/plain; charset=utf-8"
    extension = "rules"
    mode = Mode.DETECT
    accepts = frozenset({Trait.NAME, Trait.ADDRESS, Trait.NETWORK, Trait.URL})
    also = frozenset({"ip-port", "user-agent"})
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {"names": ("all", "dns", "http")}
    recipes = (
        fetch("Snort 3", then="snort -c /usr/local/etc/snort/snort.lua -T"),
        Recipe("Snort 3", "lua", _LUA, "snort.lua"),
    )
    numbered = True

    def header(self, meta: Meta) -> bytes:
        """Comments."""
        return comments("#", meta)

    def line(self, item: Item, options: Mapping[str, str]) -> str:
        """The rules of one value. Raises Unwritable: `not_http`."""
        if item.sid is None:
            raise ValueError("a rule needs a number")
        return "".join(
            f"alert {match.head} ( {message(item)} {match.options} {facts(item)} "
            f"sid:{item.sid + slot}; rev:{revision(item)}; )\n"
            for slot, match in _matches(item, options["names"])
        )


def _matches(item: Item, names: str) -> Iterator[tuple[int, _Match]]:
    if Trait.NAME in item.traits:
        if names != "http":
            yield 0, _Match("udp any any -> any 53", _question(item))
        if names != "dns":
            yield 1, _Match("http", f"{_TO_SERVER} {_host(item)}")
    elif Trait.URL in item.traits:
        yield 0, _Match("http", f"{_TO_SERVER} {_page(item.value)}")
    elif item.type == "user-agent":
        yield 0, _Match("http", f"{_TO_SERVER} http_header:field user-agent; {_all_of(item.value)}")
    elif item.type == "ip-port":
        address, _, port = item.value.rpartition(":")
        yield 0, _Match(f"tcp any any <> [{address.strip('[]')}] {port}", "")
    else:
        yield 0, _Match(f"ip any any <> [{ipaddress.ip_network(item.value)}] any", "")


def wire(name: str) -> bytes:
    """A name as it stands in a question."""
    labels = [label.encode() for label in name.split(".")]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def _question(item: Item) -> str:
    asked = wire(item.value)
    where = "" if item.subtree else f",offset {_DNS_HEADER},depth {len(asked)}"
    return f'content:"{content(asked)}",nocase{where};'


def _host(item: Item) -> str:
    start = "(?:^|[.])" if item.subtree else "^"
    return (
        f'http_header:field host; content:"{content(item.value)}",nocase; '
        f'pcre:"/{start}{exactly(item.value)}(?:[\\x3a]\\d+)?$/i";'
    )


def _page(value: str) -> str:
    host, port, target = page(value)
    named = host if port is None else f"{host}:{port}"
    return f"http_header:field host; {_all_of(named, fold=True)} http_raw_uri; {_all_of(target)}"


def _all_of(text: str, *, fold: bool = False) -> str:
    """The whole buffer equals the text."""
    return f'content:"{content(text)}"{",nocase" if fold else ""}; bufferlen:{len(text.encode())};'


formats.register(Snort3())
