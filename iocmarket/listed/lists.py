"""All warning lists that hold now, as one thing to ask. Pure: made from indexes, the registry and choices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from iocmarket.indicators.subjects import Subject
from iocmarket.indicators.warninglists import Severity, warning_lists
from iocmarket.listed.index import Hit, Index

ALL_LISTS = ""
"""The list of an exception that holds on every one."""


@dataclass(frozen=True)
class Lists:
    """Asked for one value after the other; cheap to make, since it looks up in place.

    `severities`: what administrators chose for a list, `None` for one that is switched off. `exceptions`: by value, the
    lists that do not count for it.
    """

    indexes: Sequence[Index] = ()
    severities: Mapping[str, Severity | None] = field(default_factory=dict)
    exceptions: Mapping[str, frozenset[str]] = field(default_factory=dict)
    _means: list[tuple[Hit | None, ...]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        means = [
            tuple(self._chosen(Hit(x.name, x.label, x.version, x.severity)) for x in index.lists)
            for index in self.indexes
        ]
        object.__setattr__(self, "_means", means)

    def hits(self, subject: Subject) -> list[Hit]:
        """Every list that the value stands on, with what that means; the gravest first."""
        found: list[Hit] = []
        for held in warning_lists.ordered():
            if held.matches(subject):
                hit = self._chosen(Hit(held.name, held.label, held.version, held.severity))
                if hit is not None:
                    found.append(hit)
        for index, means in zip(self.indexes, self._means, strict=True):
            for number, whole in index.found(subject).items():
                hit = means[number]
                if hit is not None:
                    found.append(hit if whole else hit._replace(severity=Severity.INFO))
        if self.exceptions and found:
            spared = self.exceptions.get(subject.value.lower(), frozenset())
            found = [] if ALL_LISTS in spared else [hit for hit in found if hit.name not in spared]
        if len(found) > 1:
            found.sort(key=_by_gravity)
        return found

    def guards(self, subject: Subject) -> Hit | None:
        """A list for which no feed that blocks may carry the value."""
        found = self.hits(subject)
        return found[0] if found and found[0].severity is Severity.BLOCK_GUARD else None

    def _chosen(self, hit: Hit) -> Hit | None:
        severity = self.severities.get(hit.name, hit.severity)
        return None if severity is None else hit._replace(severity=severity)


def _by_gravity(hit: Hit) -> tuple[int, str]:
    return _GRAVITY[hit.severity], hit.name


_GRAVITY = {Severity.BLOCK_GUARD: 0, Severity.CONFIRM: 1, Severity.INFO: 2}
BUNDLED = Lists()
"""The lists that are a file of the program each, and nothing else."""
