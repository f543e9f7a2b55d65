"""The matrix of the feed policy as a page shows it: families of IOC types, since nobody chooses for each of sixty."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from iocmarket.indicators.threats import ThreatType
from iocmarket.indicators.types import Trait, ioc_types
from sharing.feeds.policy import Action, Policy

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

MIXED = ""
"""What a family says whose types were ruled apart, through the API: sent back, it leaves them as they are."""
CHOICES: list[tuple[str, StrOrPromise]] = [
    (Action.BLOCK.value, _("block")),
    (Action.DETECT.value, _("detect")),
    (Action.IGNORE.value, _("ignore")),
]


@dataclass(frozen=True, slots=True)
class Family:
    """IOC types that are ruled together."""

    key: str
    label: StrOrPromise
    traits: frozenset[Trait]

    def kinds(self) -> list[str]:
        """The names of its types: a new type comes by itself."""
        return [kind.name for kind in ioc_types if kind.traits & self.traits]


FAMILIES = (
    Family("names", _("Domain names"), frozenset({Trait.NAME})),
    Family("addresses", _("Addresses"), frozenset({Trait.ADDRESS, Trait.NETWORK, Trait.AUTONOMOUS_SYSTEM})),
    Family("urls", _("Web addresses"), frozenset({Trait.URL})),
    Family("mails", _("E-mail addresses"), frozenset({Trait.MAIL})),
    Family("files", _("Files"), frozenset({Trait.FILE_HASH, Trait.FILE_NAME})),
    Family("others", _("Everything else"), frozenset({Trait.TEXT, Trait.RULE, Trait.VULNERABILITY})),
)


@dataclass(frozen=True, slots=True)
class Cell:
    """One choice."""

    name: str
    family: Family
    action: str


@dataclass(frozen=True, slots=True)
class Row:
    """One threat type."""

    threat: str
    label: StrOrPromise
    cells: list[Cell]


def rows_of(policy: Policy, sent: Mapping[str, str] | None = None) -> list[Row]:
    """The matrix of a policy; with `sent`, as it was sent."""
    return [
        Row(threat, label, [_cell(threat, family, policy, sent) for family in FAMILIES])
        for threat, label in ThreatType.choices
    ]


def _cell(threat: str, family: Family, policy: Policy, sent: Mapping[str, str] | None) -> Cell:
    name = f"{threat}.{family.key}"
    said = {policy.action(threat, kind).value for kind in family.kinds()}
    action = said.pop() if len(said) == 1 else MIXED
    return Cell(name, family, sent.get(name, action) if sent is not None else action)


def matrix_of(sent: Mapping[str, str], policy: Policy) -> dict[str, dict[str, str]]:
    """What was chosen, as Policy.read takes it; what was not sent stays as it is."""
    found: dict[str, dict[str, str]] = {}
    for row in rows_of(policy, sent):
        for cell in row.cells:
            for kind in cell.family.kinds():
                action = cell.action or policy.action(row.threat, kind).value
                found.setdefault(row.threat, {})[kind] = action
    return found
