"""Postfix: tables of addresses and what to do with them (access(5), cidr_table(5)).

A name means its sub-names by a second key with a dot before it. No key twice, no line without a result, no host bits:
`postmap` would only warn, and `cidr` would refuse the line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar

from iocmarket.indicators.types.base import Trait
from sharing.feeds.formats.base import Mode, Recipe, comments, fetch, formats
from sharing.feeds.items import Item, Meta, Unwritable
from sharing.feeds.shapes import ADDRESSES, OneOfSeveral, address_of

RESULT = "REJECT 5.7.1 listed by the IOC market"
_KEY = re.compile(r"[!-\"$-~][!-~]*")
_MAIN_CF = """\
# {url}
smtpd_sender_restrictions = check_sender_access hash:/etc/postfix/{name}
smtpd_helo_restrictions = check_helo_access hash:/etc/postfix/{name}
# of a feed with map=cidr:
# smtpd_client_restrictions = check_client_access cidr:/etc/postfix/iocmarket.cidr
"""


class Postfix(OneOfSeveral):
    """`map=access` for senders and names, `map=cidr` for addresses of clients."""

    name = "postfix"
    label = "Postfix"
    media_type = "text/plain; charset=utf-8"
    extension = "txt"
    mode = Mode.BLOCK
    plain = True
    accepts = frozenset({*ADDRESSES, Trait.NAME})
    also = frozenset({"email"})
    lists: ClassVar[Mapping[str, frozenset[str]]] = {
        "access": frozenset({Trait.NAME, "email"}),
        "cidr": ADDRESSES,
    }
    chooser = "map"
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {"map": tuple(lists)}
    recipes = (
        fetch("Postfix", then="postmap hash:{name} && postfix reload"),
        Recipe("Postfix", "ini", _MAIN_CF, "main.cf"),
    )

    def header(self, meta: Meta) -> bytes:
        """Comments."""
        return comments("#", meta)

    def line(self, item: Item, options: Mapping[str, str]) -> str:
        """One line, or two of a name with its sub-names. Raises Unwritable: `not_one_line`."""
        del options
        keys = [address_of(item)] if item.traits & ADDRESSES else [item.value]
        if _KEY.fullmatch(keys[0]) is None:
            raise Unwritable("not_one_line")
        if item.subtree and Trait.NAME in item.traits:
            keys.append(f".{item.value}")
        return "".join(f"{key}\t{RESULT}\n" for key in keys)


formats.register(Postfix())
