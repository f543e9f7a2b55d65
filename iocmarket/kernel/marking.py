"""TLP 2.0 and PAP: the two labels that every statement carries, their order, and the ceilings of exits.

TLP (FIRST, Traffic Light Protocol 2.0, August 2022) says who may read; PAP (Permissible Actions Protocol, MISP
taxonomy `PAP`) says what may be done with what was read. Both are ordered from the least to the most restrictive, so
"the strictest" is the maximum and "within a ceiling" is a comparison. Levels are stored as their integers, so that
the database compares them too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from iocmarket.kernel.decision import Refusal


class TLP(IntEnum):
    """Traffic Light Protocol 2.0, least restrictive first. Stored as these integers: never renumber."""

    CLEAR = 0
    GREEN = 1
    AMBER = 2
    AMBER_STRICT = 3
    RED = 4

    @property
    def label(self) -> str:
        """The level as FIRST writes it, without the `TLP:` prefix."""
        return "AMBER+STRICT" if self is TLP.AMBER_STRICT else self.name

    @property
    def slug(self) -> str:
        """The level as a name for style sheets and file names."""
        return self.label.lower().replace("+", "-")

    @classmethod
    def parse(cls, text: str) -> TLP:
        """Read a label such as `TLP:AMBER+STRICT`, `amber-strict` or TLP 1's `WHITE`.

        Raises Refusal(`unknown_tlp`) for anything else: an unknown label is never replaced by a default.
        """
        name = _bare(text, prefix="TLP:")
        name = {"WHITE": "CLEAR", "AMBER_STRICT": "AMBER+STRICT", "AMBER-STRICT": "AMBER+STRICT"}.get(name, name)
        for level in cls:
            if level.label == name:
                return level
        raise Refusal("unknown_tlp", f"{text[:40]!r} is not a TLP 2.0 label; one of {', '.join(x.label for x in cls)}")


class PAP(IntEnum):
    """Permissible Actions Protocol, least restrictive first. Stored as these integers: never renumber."""

    CLEAR = 0
    GREEN = 1
    AMBER = 2
    RED = 3

    @property
    def label(self) -> str:
        """The level without the `PAP:` prefix."""
        return self.name

    @property
    def slug(self) -> str:
        """The level as a name for style sheets."""
        return self.name.lower()

    @classmethod
    def parse(cls, text: str) -> PAP:
        """Read a label such as `PAP:GREEN` or `white`. Raises Refusal(`unknown_pap`) for anything else."""
        name = _bare(text, prefix="PAP:")
        name = "CLEAR" if name == "WHITE" else name
        for level in cls:
            if level.label == name:
                return level
        raise Refusal("unknown_pap", f"{text[:40]!r} is not a PAP label; one of {', '.join(x.label for x in cls)}")


def _bare(text: str, *, prefix: str) -> str:
    return text.strip().upper().removeprefix(prefix).strip()


@dataclass(frozen=True, slots=True, order=False)
class Marking:
    """A pair (TLP, PAP): the marking of a statement, or the ceiling of an exit."""

    tlp: TLP
    pap: PAP

    def within(self, ceiling: Marking) -> bool:
        """Whether an exit with this ceiling may carry a statement so marked."""
        return self.tlp <= ceiling.tlp and self.pap <= ceiling.pap

    def capped(self, ceiling: Marking) -> Marking:
        """The narrower of two ceilings, label by label."""
        return Marking(min(self.tlp, ceiling.tlp), min(self.pap, ceiling.pap))

    def __str__(self) -> str:
        return f"TLP:{self.tlp.label} PAP:{self.pap.label}"


# The ceilings of domain.md's table of exits.
FULL = Marking(TLP.AMBER_STRICT, PAP.RED)
PROVIDER = Marking(TLP.AMBER, PAP.AMBER)
PARTNER = Marking(TLP.GREEN, PAP.RED)
PUBLIC = Marking(TLP.CLEAR, PAP.RED)

# What a submission without labels carries: the habit of the community (AMBER for its members, blocking allowed).
DEFAULT = Marking(TLP.AMBER, PAP.GREEN)

# Blocking is an action that an attacker can notice: PAP:GREEN is the last level that permits it.
BLOCKING_PAP = PAP.GREEN


def strictest(markings: Iterable[Marking]) -> Marking:
    """The strictest TLP and the strictest PAP, each on its own. Raises ValueError when there is none to combine."""
    found = list(markings)
    return Marking(max(marking.tlp for marking in found), max(marking.pap for marking in found))
