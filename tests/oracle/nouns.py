"""What the model speaks of: statements, sightings, viewers, and what is told of a value."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

CLEAR, GREEN, AMBER, STRICT, RED = range(5)
"""TLP, least restrictive first. PAP has CLEAR, GREEN and AMBER under the same numbers, and then its own RED."""
PAP_RED = 3
FULL = (STRICT, PAP_RED)
PARTNER = (GREEN, PAP_RED)
PUBLIC = (CLEAR, PAP_RED)

Ceiling = tuple[int, int]
View = tuple[str, Ceiling]
"""An audience (`community`, `inbox:<institution>`, `circle:<circle>`) under a ceiling."""


@dataclass(slots=True, eq=False, kw_only=True)
class Told:
    """What an institution tells of a value, and to whom."""

    institution: int
    author: int | None
    value: str
    tlp: int
    pap: int
    audience: str
    circle: int | None
    recipients: frozenset[int]
    named: frozenset[int]
    anonymous: bool
    withdrawn: bool = False

    @property
    def speaker(self) -> int | None:
        """Who says it, as readers count and read it."""
        return None if self.anonymous else self.institution

    @property
    def audiences(self) -> frozenset[str]:
        """The audiences that it is told to; TLP:RED is for persons."""
        own = f"inbox:{self.institution}"
        if self.tlp == RED:
            return frozenset()
        if self.audience == "recipients":
            return frozenset({own, *(f"inbox:{institution}" for institution in self.recipients)})
        return frozenset({{"own": own, "circle": f"circle:{self.circle}"}.get(self.audience, "community")})


@dataclass(slots=True, eq=False, kw_only=True)
class Said(Told):
    """One institution's statement about one value."""

    report: str
    threat: str
    confidence: int
    first: datetime
    last: datetime
    until: datetime | None
    refreshed: datetime | None = None

    def stands_for(self, wish: Said) -> bool:
        """Whether two are one: of one institution, in TLP:RED of one person, on one value in one report."""
        who = self.author == wish.author if wish.tlp == RED else self.institution == wish.institution
        return who and (self.value, self.report, self.tlp == RED) == (wish.value, wish.report, wish.tlp == RED)


@dataclass(slots=True, eq=False, kw_only=True)
class Met(Told):
    """One institution's sighting: `seen`, `false-positive` or `expired`."""

    kind: str
    at: datetime
    hour: datetime | None

    def stands_for(self, other: Met) -> bool:
        """Whether two are counted as one: told by one institution to the same, and `seen` within one hour."""
        names = ("institution", "value", "kind", "hour", "audience", "circle", "recipients", "named", "tlp", "pap")
        same = all(getattr(self, name) == getattr(other, name) for name in (*names, "anonymous"))
        return same and (self.tlp != RED or self.author == other.author)


@dataclass(frozen=True, slots=True)
class Viewer:
    """A machine of an institution under a ceiling, or the session of one of its members.

    `outside`: of a partner, or anybody at the public feed.
    """

    institution: int
    ceiling: Ceiling = FULL
    member: int | None = None
    outside: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is told of one value: by one entry of a view, or by several together."""

    tlp: int
    pap: int
    live: bool
    threats: frozenset[str]
    institutions: int
    contesting: int
    """Institutions that report a false positive."""
    confidence: int
    base: float
    """The score before it ages."""
    first: datetime
    last: datetime
    until: datetime
    speakers: frozenset[int | None]
    """Institutions; None for those who stay anonymous."""


def together(entries: list[Facts]) -> Facts:
    """One line for a value: the strictest labels, the highest numbers, everything that was said."""
    return Facts(
        tlp=max(f.tlp for f in entries),
        pap=max(f.pap for f in entries),
        live=any(f.live for f in entries),
        threats=frozenset[str]().union(*(f.threats for f in entries)),
        institutions=max(f.institutions for f in entries),
        contesting=max(f.contesting for f in entries),
        confidence=max(f.confidence for f in entries),
        base=max(f.base for f in entries),
        first=min(f.first for f in entries),
        last=max(f.last for f in entries),
        until=max(f.until for f in entries),
        speakers=frozenset[int | None]().union(*(f.speakers for f in entries)),
    )
