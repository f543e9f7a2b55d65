"""Zeek's intelligence framework (scripts/base/frameworks/intel): passive, so every PAP may be carried.

Tabs between columns, `-` for nothing, `\\xHH` for an octet (util.cc, get_unescaped_string). Zeek compares whole values,
without regard to letter case: a name matches itself and no sub-name. A file that is read again adds and replaces; only
`meta.remove`, which policy/frameworks/intel/removal reads, takes away. Without that script such a line would add the
value, hence they come only when asked for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar
from urllib.parse import urlsplit

from iocmarket.indicators.types.base import Trait
from iocmarket.indicators.types.files import name_of
from sharing.feeds.formats.base import LineFormat, Mode, Recipe, comments, fetch, formats
from sharing.feeds.items import Item, Meta, Unwritable

SOURCE = "iocmarket"
"""`meta.source`, by which Zeek tells the statements of one feed from those of another: never changes."""
_COLUMNS = ("indicator", "indicator_type", "meta.source", "meta.desc", "meta.do_notice")
_NAMED = {
    "user-agent": "SOFTWARE",
    "x509-sha1": "CERT_HASH",
    "md5": "FILE_HASH",
    "sha1": "FILE_HASH",
    "sha256": "FILE_HASH",
}
_TRAITS = {
    Trait.ADDRESS: "ADDR", Trait.NETWORK: "SUBNET", Trait.NAME: "DOMAIN", Trait.URL: "URL", Trait.MAIL: "EMAIL",
    Trait.FILE_NAME: "FILE_NAME",
}  # fmt: skip
_HEX_ESCAPE = re.compile(r"\\(?=x)")
_LOAD = """\
@load frameworks/intel/seen
@load frameworks/intel/do_notice
@load frameworks/intel/removal
redef Intel::read_files += { "/opt/zeek/share/zeek/site/{name}" };
"""


class Zeek(LineFormat):
    """One line a value; `removals=yes` tells also what has left, `notice=yes` asks Zeek for a notice at each match."""

    name = "zeek"
    label = "Zeek"
    media_type = "text/tab-separated-values; charset=utf-8"
    extension = "dat"
    mode = Mode.DETECT
    accepts = frozenset(_TRAITS)
    also = frozenset(_NAMED)
    farewells = True
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {"removals": ("no", "yes"), "notice": ("no", "yes")}
    recipes = (
        fetch("Zeek"),
        Recipe("Zeek", "text", _LOAD, "local.zeek"),
    )

    def header(self, meta: Meta) -> bytes:
        """The names of the columns, then comments: the first line must be the former."""
        columns = [*_COLUMNS, *(["meta.remove"] if meta.options.get("removals") == "yes" else [])]
        return "\t".join(["#fields", *columns]).encode() + b"\n" + comments("#", meta)

    def line(self, item: Item, options: Mapping[str, str]) -> str:
        """One line. Raises Unwritable: `not_http`, `not_matched`."""
        return _row(item, options, removed="F")

    def farewell(self, item: Item, options: Mapping[str, str]) -> str:
        """The same with `meta.remove`, if asked for."""
        return _row(item, options, removed="T") if options["removals"] == "yes" else ""

    def entry(self, item: Item, options: Mapping[str, str]) -> str:
        """Zeek folds letter case, and does not see by which scheme a page was asked for."""
        del options
        return f"{_kind(item)} {_value(item).lower()}"


def _row(item: Item, options: Mapping[str, str], *, removed: str) -> str:
    told = ", ".join([*item.threat_types, f"TLP:{item.marking.tlp.label}", f"PAP:{item.marking.pap.label}"])
    cells = [
        _escaped(_value(item)),
        f"Intel::{_kind(item)}",
        SOURCE,
        f"{told}, {item.public_id}",
        "T" if options["notice"] == "yes" and removed == "F" else "F",
        *([removed] if options["removals"] == "yes" else []),
    ]
    return "\t".join(cells) + "\n"


def _kind(item: Item) -> str:
    return _NAMED.get(item.type) or next(kind for trait, kind in _TRAITS.items() if trait in item.traits)


def _value(item: Item) -> str:
    """As Zeek's scripts report what they have seen."""
    if Trait.URL in item.traits:
        return _seen_url(item.value)
    if Trait.FILE_NAME in item.traits:
        return name_of(item.value)
    if Trait.MAIL in item.traits and (item.value.count("@") != 1 or '"' in item.value):
        raise Unwritable("not_matched")  # Zeek cuts addresses out of headers without regard to quotes
    return item.value


def _seen_url(value: str) -> str:
    """Host, port if it is written, path and query (utils/http: build_url). A fragment is never sent."""
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise Unwritable("not_http")
    host = parts.netloc.rpartition("@")[2]
    return host + (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _escaped(value: str) -> str:
    """With nothing that ends a cell or a line, begins a comment, or that Zeek would read as an escape."""
    if value in {"-", "(empty)"}:
        return f"\\x{ord(value[0]):02x}{value[1:]}"
    text = "".join(one if one.isprintable() else _octets(one) for one in _HEX_ESCAPE.sub(r"\\x5c", value))
    if text.startswith(("#", " ")):
        text = _octets(text[0]) + text[1:]
    return text[:-1] + _octets(" ") if text.endswith(" ") else text


def _octets(text: str) -> str:
    return "".join(f"\\x{octet:02x}" for octet in text.encode())


formats.register(Zeek())
