"""SpamAssassin 4: senders to block, and rules on the addresses in a mail.

Every character of a value but letters, digits and a few harmless ones stands as an escape, so that none ends the rule
or begins a comment; `*` and `?` of a sender would be wildcards. Names are compared in A-labels and in letters, with the
module Net::LibIDN2 and without it. Each rule costs a regular expression that is tried on every address of every mail,
so the list is short unless `limit` says more.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from iocmarket.indicators.types.base import Trait
from sharing.feeds.formats.base import LineFormat, Mode, comments, fetch, formats
from sharing.feeds.items import Item, Meta, Unwritable
from sharing.feeds.mail_expressions import cut_by_reading, name_in_list, name_in_text, page_in_list, page_in_text
from sharing.feeds.spelling import spellings

PREFIX = "IOCMARKET"
RULES = 20_000
_SENDER = re.compile(r"[^\s#*?\\()]+")


class SpamAssassin(LineFormat):
    """`blocklist_from` for senders; `uri` rules for names and web addresses, with the score that an option says."""

    name = "spamassassin"
    label = "SpamAssassin"
    media_type = "text/plain; charset=utf-8"
    extension = "cf"
    mode = Mode.BLOCK
    plain = True
    accepts = frozenset({Trait.NAME, Trait.URL})
    also = frozenset({"email"})
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {"score": ("5", "2", "3", "10", "20")}
    recipes = (
        fetch(
            "SpamAssassin",
            then="spamassassin --lint && systemctl reload spamd",
            note=_("in /etc/spamassassin, after sa-update"),
        ),
    )

    def most(self, options: Mapping[str, str]) -> int | None:
        """As many as a busy server bears."""
        del options
        return RULES

    def header(self, meta: Meta) -> bytes:
        """Comments."""
        return comments("#", meta)

    def line(self, item: Item, options: Mapping[str, str]) -> str:
        """The lines of one value. Raises Unwritable: `wildcard`, `not_http`."""
        if item.type == "email":
            return "".join(map(_sender, spellings(item.value)))
        if Trait.URL in item.traits:
            return _rules(item, options["score"])
        said = "".join(_sender(f"{before}{name}") for name in spellings(item.value) for before in _before(item))
        return said + _rules(item, options["score"])


def _before(item: Item) -> tuple[str, ...]:
    return ("*@", "*@*.") if item.subtree else ("*@",)


def _sender(pattern: str) -> str:
    bare = pattern.removeprefix("*@").removeprefix("*.")
    if _SENDER.fullmatch(bare) is None:
        raise Unwritable("wildcard")
    return f"blocklist_from {pattern}\n"


def _rules(item: Item, score: str) -> str:
    """One rule that scores; of what reading of text cuts, of two halves, of which a mail may well have both."""
    page = Trait.URL in item.traits
    listed = page_in_list(item.value) if page else name_in_list(item.value, subtree=item.subtree)
    name = f"{PREFIX}_{str(item.public_id).replace('-', '')[:16].upper()}"
    if not cut_by_reading(item.value):
        return f"uri {name} m,{listed},\nscore {name} {score}\n"
    text = page_in_text(item.value) if page else name_in_text(item.value, subtree=item.subtree)
    halves = f"uri __{name}_L m,{listed},\nbody __{name}_T m,{text},\n"
    return f"{halves}meta {name} (__{name}_L || __{name}_T)\nscore {name} {score}\n"


formats.register(SpamAssassin())
