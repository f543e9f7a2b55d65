"""Lists for the access rules of Squid: names (`dstdomain`), or web addresses (`url_regex`).

Squid writes a warning for every name below another listed one, hence such names are left out. Of web addresses over
HTTPS it sees the name alone, unless it decrypts them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar
from urllib.parse import urlsplit

from iocmarket.indicators.types.base import IocType, Trait
from sharing.feeds.formats.base import Mode, Recipe, comments, fetch, formats
from sharing.feeds.formats.names import ByName, dns_name
from sharing.feeds.items import Item, Meta, Unwritable

_SETS = {"domains": Trait.NAME, "urls": Trait.URL}
_LONGEST = 2000
"""Characters: Squid reads the lines of a list in pieces of 2048 octets."""
_ESCAPED = re.compile(r"%(?!00)([0-9A-Fa-f]{2})")
_SPECIAL = re.compile(r"([.\[\](){}*+?|^$\\])")  # in a POSIX extended regular expression
_CONF = """\
acl iocmarket dstdomain "/etc/squid/{name}"
http_access deny iocmarket
# with ?set=urls: acl iocmarket_urls url_regex "/etc/squid/{name}"
"""


class Squid(ByName):
    """`.name` means the name and all below, `name` itself alone."""

    name = "squid"
    label = "Squid"
    media_type = "text/plain; charset=utf-8"
    extension = "acl"
    mode = Mode.BLOCK
    plain = True
    accepts = frozenset(_SETS.values())
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {"set": tuple(_SETS)}
    recipes = (
        fetch("Squid", then="squid -k parse && squid -k reconfigure"),
        Recipe("Squid", "text", _CONF, "squid.conf"),
    )

    def carried(self, options: Mapping[str, str]) -> list[IocType]:
        """Names or web addresses."""
        return [kind for kind in self.types() if _SETS[options["set"]] in kind.traits]

    def header(self, meta: Meta) -> bytes:
        """Comments."""
        return comments("#", meta)

    def line(self, item: Item, options: Mapping[str, str]) -> str:
        """One entry. Raises Unwritable: `not_a_dns_name`, `not_http`, `entry_too_long`."""
        del options
        if Trait.NAME in item.traits:
            name = dns_name(item.value)
            return f".{name}\n" if item.subtree else f"{name}\n"
        return f"{_expression(item.value)}\n"


def _expression(value: str) -> str:
    """What matches the request of this web address to the letter; the fragment is never sent."""
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or not value.isascii() or not value.isprintable():
        raise Unwritable("not_http")
    place = parts.netloc.rpartition("@")[2]
    whole = f"{parts.scheme}://{place}{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    expression = "^" + _SPECIAL.sub(r"\\\1", _ESCAPED.sub(_decoded, whole)).replace("\0", ".") + "$"
    if len(expression) > _LONGEST:
        raise Unwritable("entry_too_long")
    return expression


def _decoded(found: re.Match[str]) -> str:
    """Squid compares what `%22` stands for (but for `%00`); what no line carries becomes any octet."""
    octet = int(found[1], 16)
    return chr(octet) if 0x20 < octet < 0x7F else "\0"


formats.register(Squid())
