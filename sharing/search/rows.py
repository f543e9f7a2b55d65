"""Entries as rows of a list: one per value, its newest, with its score now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from iocmarket.indicators.models import Indicator
from iocmarket.indicators.types import ioc_types
from iocmarket.kernel import clock
from iocmarket.publication.models import Entry
from sharing.search.value import score_of


@dataclass(frozen=True, slots=True)
class Row:
    """One value in a list: its newest entry and its score now."""

    entry: Entry
    indicator: Indicator
    score: int


def one_per_value(entries: Iterable[Entry]) -> list[Row]:
    """One row per value, its newest entry, in the order given (newest first)."""
    moment = clock.now()
    found: dict[int, Row] = {}
    for entry in entries:
        indicator = entry.indicator
        if indicator is not None and indicator.pk not in found:
            lifetime = ioc_types[indicator.type].lifetime_days
            found[indicator.pk] = Row(entry, indicator, round(score_of(entry, moment, lifetime)))
    return list(found.values())
