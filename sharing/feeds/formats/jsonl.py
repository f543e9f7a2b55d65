"""JSON line by line: all that a feed tells of each value, in named fields."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from iocmarket.indicators.types.base import Trait
from sharing.feeds.formats.base import LineFormat, Mode, Recipe, fetch, formats
from sharing.feeds.items import Item
from sharing.feeds.spelling import compact, facts

_COUNT = "curl -fsS -u 'iocmarket:{token}' '{url}' | jq -r .type | sort | uniq -c\n"


class JsonLines(LineFormat):
    """One object a line."""

    name = "jsonl"
    label = "JSON Lines"
    media_type = "application/x-ndjson"
    extension = "jsonl"
    mode = Mode.DETECT
    accepts = frozenset(Trait)
    recipes = (fetch("curl"), Recipe("jq", "sh", _COUNT, _("how many of each type")))

    def line(self, item: Item, options: Mapping[str, str]) -> str:
        """One object."""
        del options
        return compact(facts(item)) + "\n"


formats.register(JsonLines())
