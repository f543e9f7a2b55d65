"""IBM QRadar: the elements of a reference set, for its import or for `bulk_load` of its interface.

A set holds elements of one kind, compared as they stand; it knows no network and no label of a value.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from iocmarket.indicators.types.base import Trait
from sharing.feeds.formats.base import Mode, Recipe, Tally, fetch, formats
from sharing.feeds.items import Item, Meta, Unwritable
from sharing.feeds.shapes import OneOfSeveral, between

_BULK = (
    "curl -fsS -H 'Content-Type: application/json' -H @qradar.header --data-binary @{name} \\\n"
    "  'https://QRADAR/api/reference_data/sets/bulk_load/iocmarket'\n"
)


class QRadar(OneOfSeveral):
    """One element a line (`form=lines`) or an array of strings (`form=json`)."""

    name = "qradar"
    label = "IBM QRadar"
    media_type = "text/plain; charset=utf-8"
    extension = "txt"
    mode = Mode.BLOCK
    plain = True
    accepts = frozenset({Trait.ADDRESS, Trait.NAME, Trait.URL, Trait.FILE_HASH})
    also = frozenset({"email"})
    lists: ClassVar[Mapping[str, frozenset[str]]] = {
        "ip": frozenset({Trait.ADDRESS}),
        "domain": frozenset({Trait.NAME}),
        "url": frozenset({Trait.URL}),
        "email": frozenset({"email"}),
        "hash": frozenset({Trait.FILE_HASH}),
    }
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {"type": tuple(lists), "form": ("lines", "json")}
    recipes = (fetch("QRadar"), Recipe("QRadar", "sh", _BULK, _("then, of a feed with form=json")))

    def header(self, meta: Meta) -> bytes:
        """The beginning of the array."""
        return b"[\n" if meta.options.get("form") == "json" else b""

    def footer(self, meta: Meta) -> bytes:
        """Its end."""
        return b"]\n" if meta.options.get("form") == "json" else b""

    def line(self, item: Item, options: Mapping[str, str]) -> str:
        """One element. Raises Unwritable(`not_one_line`)."""
        if not item.value.isprintable():
            raise Unwritable("not_one_line")
        return f"{json.dumps(item.value) if options['form'] == 'json' else item.value}\n"

    def written(self, items: Iterable[Item], options: Mapping[str, str], tally: Tally) -> Iterator[bytes]:
        """The elements, in an array with commas between them."""
        pieces = super().written(items, options, tally)
        return between(pieces) if options["form"] == "json" else pieces


formats.register(QRadar())
