"""What a measure is, and the registry of measures."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import ClassVar

from bench.table import Row
from bench.world import World
from iocmarket.kernel.registry import Registry


class Measure(ABC):
    """One thing that is measured, in one file of bench/measures/."""

    name: ClassVar[str]
    """For ONLY=."""
    order: ClassVar[int]
    """Its turn. Measures that only read come before those that write; memory, which sees what they left, is last."""
    needs_world: ClassVar[bool] = True
    """Whether it needs an instance at all."""

    def at_a_tenth(self, world: World) -> None:
        """Called while the instance holds a tenth of its indicators, for measures of growth."""
        del world

    @abstractmethod
    def run(self, world: World) -> Iterable[Row]:
        """The rows. `world` holds all its indicators, published, and serves."""


measures: Registry[Measure] = Registry("bench.measures")


def in_order(names: Iterable[str] = ()) -> list[Measure]:
    """The named measures, or all, in their order. Raises KeyError for an unknown name."""
    chosen = [measures[name] for name in names] or list(measures)
    return sorted(chosen, key=lambda measure: measure.order)
