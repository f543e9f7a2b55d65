"""JSON, as a whole: all that a feed tells of each value, in named fields."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from iocmarket.indicators.types.base import Trait
from sharing.feeds.formats.base import Mode, Recipe, fetch, formats
from sharing.feeds.items import Item, Meta
from sharing.feeds.shapes import Array
from sharing.feeds.spelling import compact, facts, moment

_COUNT = "curl -fsS -u 'iocmarket:{token}' '{url}' | jq -r '.indicators[].type' | sort | uniq -c\n"


class Json(Array):
    """One object with the array `indicators`."""

    name = "json"
    label = "JSON"
    media_type = "application/json"
    extension = "json"
    mode = Mode.DETECT
    accepts = frozenset(Trait)
    recipes = (fetch("curl"), Recipe("jq", "sh", _COUNT, _("how many of each type")))

    def header(self, meta: Meta) -> bytes:
        """What is told of the feed as a whole."""
        told = {
            "name": meta.name,
            "url": meta.public_url,
            "serial": meta.serial,
            "changed": moment(meta.changed),
            "count": meta.count,
            "strictest": str(meta.strictest) if meta.strictest else None,
        }
        return f'{compact(told)[:-1]},"indicators":[\n'.encode()

    def footer(self, meta: Meta) -> bytes:
        """Its end."""
        del meta
        return b"]}\n"

    def line(self, item: Item, options: Mapping[str, str]) -> str:
        """One object."""
        del options
        return compact(facts(item)) + "\n"


formats.register(Json())
