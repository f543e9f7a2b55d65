"""Threat feeds of Fortinet's firewalls: addresses, names, web addresses and hashes, one entry a line.

Models up to FortiOS 7.4.3 load 131 072 entries or 10 MiB a list and cut the rest off; later ones load more.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from iocmarket.indicators.types.base import Trait
from sharing.feeds.formats.base import Recipe, fetch, formats
from sharing.feeds.formats.edl_paloalto import ExternalList, PaloAlto
from sharing.feeds.shapes import ADDRESSES

_HASHES = frozenset({"md5", "sha1", "sha256"})


class FortiGate(ExternalList):
    """`?type=ip`, `domain`, `url` or `hash`."""

    name = "fortigate"
    label = "FortiGate"
    accepts = frozenset({*ADDRESSES, Trait.NAME, Trait.URL})
    also = _HASHES
    lists: ClassVar[Mapping[str, frozenset[str]]] = {**PaloAlto.lists, "hash": _HASHES}
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {"type": tuple(lists)}
    entries = 131_072
    longest = 2048
    recipes = (
        Recipe(
            "FortiGate",
            "text",
            "config system external-resource\n"
            '  edit "iocmarket"\n'
            "    set type address\n"
            '    set resource "{url}"\n'
            '    set username "iocmarket"\n'
            '    set password "{token}"\n'
            "    set refresh-rate 5\n"
            "  next\n"
            "end\n",
            _("type address, domain, category or malware, as the list"),
        ),
        fetch("curl", note=_("to try it")),
    )


formats.register(FortiGate())
