"""Which of the viewer's feeds carry a value, and why the others do not: read from what each format declares."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from iocmarket.indicators.types import ioc_types
from iocmarket.publication.models import Entry
from sharing.feeds.formats.base import Mode, ObjectFormat, formats
from sharing.search.value import Value


@dataclass(frozen=True, slots=True)
class Outcome:
    """One format: whether it carries the value, whether it blocks, and why not."""

    label: str | Promise
    carried: bool
    blocks: bool
    why: str = ""


def outcomes_of(value: Value) -> list[Outcome]:
    """One line for each registered format, those that carry the value first."""
    traits = ioc_types[value.indicator.type].traits
    found = []
    for fmt in formats:
        blocks = fmt.mode is Mode.BLOCK
        why = ""
        if not traits & fmt.accepts:
            why = _("does not take this type")
        elif value.state == Entry.State.EXPIRED and not isinstance(fmt, ObjectFormat):
            why = _("expired")
        elif blocks and not value.block:
            why = value.block_reason
        found.append(Outcome(fmt.label, carried=not why, blocks=blocks, why=why))
    return sorted(found, key=lambda outcome: (not outcome.carried, outcome.blocks, str(outcome.label)))
