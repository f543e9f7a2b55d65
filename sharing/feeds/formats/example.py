"""Template of a feed format: copy this file, change the declarations and `line`.

A new file is all it takes: the registry finds it, `/feeds/<name>` serves it, tests/contract/test_formats.py runs it
over every type that it accepts. This one is not registered by itself (the registry leaves `example` out); the contract
test registers it and takes it out again.
"""

from __future__ import annotations

from collections.abc import Mapping

from iocmarket.indicators.types.base import Trait
from sharing.feeds.formats.base import LineFormat, Mode, comments, fetch
from sharing.feeds.items import Item, Meta


class HostsFile(LineFormat):
    """`0.0.0.0 name`, as resolvers' hosts files have it: exact names only."""

    # The last part of the path, `/feeds/example-hosts`; stable and unique.
    name = "example-hosts"
    # What people see in the list of formats.
    label = "hosts"
    media_type = "text/plain; charset=utf-8"
    extension = "txt"
    # BLOCK when an attacker can notice, and whenever a line cannot carry its marking: then PAP, score and the guard
    # have been applied before `line` is called.
    mode = Mode.BLOCK
    # Values of types with one of these traits reach the format.
    accepts = frozenset({Trait.NAME})
    # Its lines hold nothing but the value: the rest need not be read.
    plain = True
    # What a member pastes into the tools that read it; `{url}`, `{token}` and `{name}` are filled in.
    recipes = (fetch("dnsmasq", then="systemctl reload dnsmasq"),)

    def header(self, meta: Meta) -> bytes:
        """Comments, where the format has them."""
        return comments("#", meta)

    def line(self, item: Item, options: Mapping[str, str]) -> str:
        """One value. Raise Unwritable(reason) for one that the format cannot write: it is counted and told."""
        del options
        return f"0.0.0.0 {item.value}\n"
