"""Numbers of what clients wrote: random, so that they count nothing, and none that a view has given out."""

from __future__ import annotations

from sharing.misp import numbers
from sharing.misp.models import Attribute, Event
from sharing.misp.writing.models import WrittenAttribute, WrittenEvent

_OF_VIEWS: dict[type[WrittenEvent | WrittenAttribute], type[Event | Attribute]] = {
    WrittenEvent: Event,
    WrittenAttribute: Attribute,
}


def fresh_numbers(model: type[WrittenEvent | WrittenAttribute], count: int) -> list[int]:
    """So many different numbers that nothing of that kind has."""
    found: set[int] = set()
    while len(found) < count:
        drawn = {numbers.draw() for _ in range(count - len(found))} - found
        for table in (model, _OF_VIEWS[model]):
            drawn -= set(table._default_manager.filter(number__in=drawn).values_list("number", flat=True))  # noqa: SLF001
        found |= drawn
    return list(found)
