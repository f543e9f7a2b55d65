"""rspamd: maps for its module multimap, one key a line.

A web address is compared as rspamd spells it (3.4, driven): escapes undone, host in lower case, no slash added. A name
that is written with letters outside of ASCII is compared in that spelling, so an A-label gets its other spelling too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar
from urllib.parse import unquote_plus, urlsplit

from iocmarket.indicators.types.base import Trait
from iocmarket.indicators.types.names import registrable_domain
from sharing.feeds.formats.base import Mode, Recipe, comments, formats
from sharing.feeds.items import Item, Meta, Unwritable
from sharing.feeds.shapes import ADDRESSES, OneOfSeveral, address_of
from sharing.feeds.spelling import cut_in_text, spellings

_QUOTED = re.compile(r"[\s#]")
# rspamd removes these from a path, in an order of its own: what it compares cannot be told beforehand.
_REWRITTEN = re.compile(r"//|/\.{1,2}(?:/|$)")
_STRAY = re.compile(r"%(?![0-9A-Fa-f]{2})")
_CONF = """\
IOC_FROM { type = "from"; filter = "email:addr"; map = "{url}"; score = 8; }
# type=domain:     type = "url";
# type=registered: type = "url"; filter = "tld";      (names whose sub-names are meant)
# type=domain, senders: type = "from"; filter = "email:domain";
# type=url:        type = "url"; filter = "full";
# type=ip:         type = "ip";
"""


class Rspamd(OneOfSeveral):
    """Senders, names, web addresses or addresses of servers, a map each.

    `domain` lists every name; `registered` those whose sub-names are meant, for the filter that compares what somebody
    registered: a map of rspamd has no other way to mean sub-names.
    """

    name = "rspamd"
    label = "rspamd"
    media_type = "text/plain; charset=utf-8"
    extension = "map"
    mode = Mode.BLOCK
    plain = True
    accepts = frozenset({*ADDRESSES, Trait.NAME, Trait.URL})
    also = frozenset({"email"})
    lists: ClassVar[Mapping[str, frozenset[str]]] = {
        "from": frozenset({"email"}),
        "url": frozenset({Trait.URL}),
        "ip": ADDRESSES,
        "domain": frozenset({Trait.NAME}),
        "registered": frozenset({Trait.NAME}),
    }
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {"type": tuple(lists)}
    recipes = (Recipe("rspamd", "ucl", _CONF, "local.d/multimap.conf"),)

    def header(self, meta: Meta) -> bytes:
        """Comments."""
        return comments("#", meta)

    def line(self, item: Item, options: Mapping[str, str]) -> str:
        """One key, or the spellings of one.

        Raises Unwritable: `not_one_line`, `exact_name`, `not_http`, `rewritten`.
        """
        if item.traits & ADDRESSES:
            return f"{address_of(item)}\n"
        if Trait.URL in item.traits:
            return "".join(f"{_key(each)}\n" for each in web_keys(item.value))
        if options["type"] == "registered" and not (item.subtree and registrable_domain(item.value) == item.value):
            raise Unwritable("exact_name")
        if "+" in item.value:  # the tag of a mailbox: rspamd takes it away, and what is left means more
            raise Unwritable("rewritten")
        return "".join(f"{_key(each)}\n" for each in spellings(item.value))


def web_keys(value: str) -> list[str]:
    """As rspamd compares it; one without a path also without the slash that nobody wrote, one with brackets also as it
    is cut in running text. Raises Unwritable: `not_http`, `rewritten`.
    """
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https", "ftp"}:
        raise Unwritable("not_http")
    head = f"{parts.scheme}://{parts.netloc}"
    try:
        plain = unquote_plus(value[len(head) :], errors="strict")
    except UnicodeDecodeError:
        raise Unwritable("rewritten") from None
    if "[" in head or _STRAY.search(value) or not plain.isprintable() or _REWRITTEN.search(unquote_plus(parts.path)):
        raise Unwritable("rewritten")
    ends = [plain, *([plain[1:]] if parts.path == "/" else []), *([cut] if (cut := cut_in_text(plain)) else [])]
    return [f"{spelling}{end}" for spelling in spellings(head) for end in ends]


def _key(text: str) -> str:
    """A key to the letter; between quotes nothing can be escaped."""
    if not _QUOTED.search(text) and not text.startswith('"'):
        return text
    if '"' in text or "\\" in text or not text.isprintable():
        raise Unwritable("not_one_line")
    return f'"{text}"'


formats.register(Rspamd())
