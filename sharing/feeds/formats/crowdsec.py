"""CrowdSec: decisions as `cscli decisions import` reads them.

A decision lasts as long as `duration` says and no import takes one back, so the default is short: whoever imports once
an hour stops blocking a withdrawn address after that long.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from sharing.feeds.formats.base import Mode, Recipe, fetch, formats
from sharing.feeds.items import Item, Meta
from sharing.feeds.shapes import ADDRESSES, Array, address_of
from sharing.feeds.spelling import compact

REASON = "iocmarket"


class CrowdSec(Array):
    """Bans of addresses (`Ip`) and networks (`Range`)."""

    name = "crowdsec"
    label = "CrowdSec"
    media_type = "application/json"
    extension = "json"
    mode = Mode.BLOCK
    plain = True
    accepts = ADDRESSES
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {"duration": ("4h", "1h", "12h", "24h", "168h")}
    recipes = (
        fetch("CrowdSec", then="cscli decisions import -i {name}", note=_("once an hour")),
        Recipe("CrowdSec", "sh", "cscli decisions list --origin cscli-import\n", _("to see it")),
    )

    def header(self, meta: Meta) -> bytes:
        """The beginning of the array."""
        del meta
        return b"[\n"

    def footer(self, meta: Meta) -> bytes:
        """Its end."""
        del meta
        return b"]\n"

    def line(self, item: Item, options: Mapping[str, str]) -> str:
        """One decision."""
        value = address_of(item)
        told = {
            "duration": options["duration"],
            "reason": REASON,
            "scope": "Range" if "/" in value else "Ip",
            "type": "ban",
            "value": value,
        }
        return f"{compact(told)}\n"


formats.register(CrowdSec())
