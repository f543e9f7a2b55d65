"""One value a line: what nearly every device reads. It carries no marking, hence blocking rules apply."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from iocmarket.indicators.types.base import Trait
from sharing.feeds.formats.base import LineFormat, Mode, Recipe, comments, fetch, formats
from sharing.feeds.items import Item, Meta, Unwritable


class Text(LineFormat):
    """Canonical values; ask for one `type` where the device takes one kind a list."""

    name = "text"
    label = _("Plain list")
    media_type = "text/plain; charset=utf-8"
    extension = "txt"
    mode = Mode.BLOCK
    plain = True
    accepts = frozenset(Trait) - {Trait.TEXT, Trait.RULE}
    # Some devices read a comment as an entry.
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {"comments": ("yes", "no")}
    recipes = (
        Recipe("curl", "sh", "curl -fsS -u 'iocmarket:{token}' '{url}'\n", _("to try it")),
        fetch("curl"),
        Recipe(
            "Firewall", "text", "{url}\nuser: iocmarket\npassword: {token}\n", _("settings of the list, Basic log-in")
        ),
    )

    def header(self, meta: Meta) -> bytes:
        """Comments, unless they were declined."""
        return comments("#", meta) if meta.options.get("comments", "yes") == "yes" else b""

    def line(self, item: Item, options: Mapping[str, str]) -> str:
        """The value. Raises Unwritable(`not_one_line`)."""
        del options
        if not item.value.isprintable() or item.value.startswith("#"):
            raise Unwritable("not_one_line")
        return f"{item.value}\n"


formats.register(Text())
