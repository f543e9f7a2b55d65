"""Unbound's own configuration, for sites that run it without response policy zones: names only.

A name with its sub-names is a zone of its own (`always_nxdomain`). A single name is `local-data`, which Unbound puts
into a transparent zone: a zone of its own would also stop the listed name above it from covering what is below.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from iocmarket.indicators.types.base import Trait
from sharing.feeds.formats.base import LineFormat, Mode, Recipe, comments, fetch, formats
from sharing.feeds.formats.names import dns_name
from sharing.feeds.items import Item, Meta

_ZONES = {"nxdomain": "always_nxdomain", "null": "always_null"}
_CONF = """\
include: "/etc/unbound/{name}"
"""


class Unbound(LineFormat):
    """`local-zone` and `local-data` (unbound.conf(5)); a file to include outside of any clause."""

    name = "unbound"
    label = "Unbound (local-zone)"
    media_type = "text/plain; charset=utf-8"
    extension = "conf"
    mode = Mode.BLOCK
    plain = True
    accepts = frozenset({Trait.NAME})
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {"action": tuple(_ZONES)}
    recipes = (
        fetch("Unbound", then="unbound-checkconf && unbound-control reload"),
        Recipe("Unbound", "yaml", _CONF, "unbound.conf"),
    )

    def header(self, meta: Meta) -> bytes:
        """Comments and the clause."""
        return comments("#", meta) + b"server:\n"

    def line(self, item: Item, options: Mapping[str, str]) -> str:
        """One zone, or the two null addresses of a single name. Raises Unwritable(`not_a_dns_name`)."""
        name = dns_name(item.value)
        if item.subtree:
            return f'local-zone: "{name}." {_ZONES[options["action"]]}\n'
        return f'local-data: "{name}. A 0.0.0.0"\nlocal-data: "{name}. AAAA ::"\n'


formats.register(Unbound())
