"""External dynamic lists of Palo Alto Networks' firewalls; those of Fortinet (fortigate.py) are much the same.

One kind a list, one entry a line, no comments: some read one as an entry. A web address is what the firewall sees of
it, host and target; one without a path ends with a slash, or `evil.fr` would also mean `evil.fr.example.org`. Entries
beyond what a device loads are skipped by it as they come, so the lists hold the highest scores only, unless `limit`
says more.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from iocmarket.indicators.types.base import Trait
from sharing.feeds.formats.base import Mode, Recipe, fetch, formats
from sharing.feeds.items import Item, Unwritable
from sharing.feeds.shapes import ADDRESSES, Bounded, OneOfSeveral, address_of
from sharing.feeds.spelling import web_target

_WILDCARD = re.compile(r"[*^]")


class ExternalList(OneOfSeveral, Bounded):
    """What both have in common."""

    media_type = "text/plain; charset=utf-8"
    extension = "txt"
    mode = Mode.BLOCK
    plain = True
    largest = 10 * 2**20
    entries: ClassVar[int]
    """Entries that every model loads."""
    longest: ClassVar[int]
    """Characters of an entry."""

    def most(self, options: Mapping[str, str]) -> int | None:
        """As many as every model loads."""
        del options
        return self.entries

    def line(self, item: Item, options: Mapping[str, str]) -> str:
        """One entry, or two of a name with its sub-names.

        Raises Unwritable: `not_http`, `wildcard`, `entry_too_long`.
        """
        del options
        listed = _entries(item)
        if max(map(len, listed)) > self.longest:
            raise Unwritable("entry_too_long")
        return "".join(f"{entry}\n" for entry in listed)


def _entries(item: Item) -> list[str]:
    if item.traits & ADDRESSES:
        return [address_of(item)]
    if Trait.NAME in item.traits:
        return [f"*.{item.value}", item.value] if item.subtree else [item.value]
    if Trait.URL not in item.traits:
        return [item.value]
    target = web_target(item.value)
    if _WILDCARD.search(target):
        raise Unwritable("wildcard")
    return [target]


class PaloAlto(ExternalList):
    """`?type=ip`, `domain` or `url`."""

    name = "edl-paloalto"
    label = "Palo Alto Networks (EDL)"
    accepts = frozenset({*ADDRESSES, Trait.NAME, Trait.URL})
    lists: ClassVar[Mapping[str, frozenset[str]]] = {
        "ip": ADDRESSES,
        "domain": frozenset({Trait.NAME}),
        "url": frozenset({Trait.URL}),
    }
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {"type": tuple(lists)}
    entries = 50_000
    longest = 255
    recipes = (
        Recipe(
            "PAN-OS",
            "text",
            "Source: {url}\n"
            "Client authentication: on, Username: iocmarket, Password: {token}\n"
            "Check for updates: 5 minutes\n",
            _("Objects, External Dynamic Lists; type IP List, Domain List or URL List"),
        ),
        fetch("curl", note=_("to try it")),
    )


formats.register(PaloAlto())
