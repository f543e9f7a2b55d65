"""Digests of files, one a line: what scanners, proxies and Suricata (`filesha256:`) load.

One algorithm a list, because their readers take one; no comments, because most of them have none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from iocmarket.indicators.types.base import IocType, Trait, ioc_types
from sharing.feeds.formats.base import LineFormat, Mode, Recipe, fetch, formats
from sharing.feeds.items import Item


class HashList(LineFormat):
    """Lower-case hexadecimal; `type` says which digests."""

    name = "hash-list"
    label = _("List of hashes")
    media_type = "text/plain; charset=utf-8"
    extension = "txt"
    mode = Mode.BLOCK
    plain = True
    accepts = frozenset({Trait.FILE_HASH})
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {"type": ("sha256", "sha1", "md5", "sha512")}
    recipes = (
        fetch("curl"),
        Recipe(
            "Suricata",
            "text",
            'alert http any any -> any any (msg:"IOC market file"; filesha256:{name}; sid:1000001; rev:1;)\n',
            _("the list lies beside the rules"),
        ),
    )

    def carried(self, options: Mapping[str, str]) -> list[IocType]:
        """One algorithm."""
        return [ioc_types[options["type"]]]

    def line(self, item: Item, options: Mapping[str, str]) -> str:
        """The digest."""
        del options
        return f"{item.value}\n"


formats.register(HashList())
