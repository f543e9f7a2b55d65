"""What rules of Suricata and Snort share: contents in which nothing can end the string, the option or the rule.

All but harmless bytes are written in hexadecimal, between bars in contents and as `\\xHH` in regular expressions.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import urlsplit

from sharing.feeds.items import Item, Unwritable

CONTENT_MAX = 200
"""Bytes in one content: longer ones than 255 are cut by Suricata."""
_UNSAFE = re.compile(rb"[^A-Za-z0-9/._~=?&-]+")


def content(text: str | bytes) -> str:
    """What stands between the quotes of a content."""
    octets = text.encode() if isinstance(text, str) else text
    return _UNSAFE.sub(lambda found: b"|" + found[0].hex(" ").encode() + b"|", octets).decode()


def exactly(text: str) -> str:
    """A text as a regular expression."""
    return "".join(chr(octet) if chr(octet).isalnum() and octet < 128 else f"\\x{octet:02x}" for octet in text.encode())


class Page(NamedTuple):
    """A web address as a client asks for it. `port` is None where none is written; a fragment is never sent."""

    host: str
    port: int | None
    target: str


def page(value: str) -> Page:
    """The parts of a canonical URL. Raises Unwritable(`not_http`)."""
    parts = urlsplit(value)
    host = parts.hostname
    if parts.scheme not in {"http", "https"} or host is None:
        raise Unwritable("not_http")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Page(f"[{host}]" if ":" in host else host, parts.port, target)


def facts(item: Item) -> str:
    """The labels of a value, as `metadata` has them in both."""
    return (
        f"metadata:ioc_uuid {item.public_id}, tlp {item.marking.tlp.slug}, pap {item.marking.pap.slug}, "
        f"first_seen {item.first_seen:%Y_%m_%d};"
    )


def message(item: Item) -> str:
    """Says what was seen: words of ours alone."""
    return f'msg:"IOC market {item.type} {" ".join(item.threat_types)}";'
