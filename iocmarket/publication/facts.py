"""What an entry says: computed from the contributions and sightings of its view and from nothing else. Pure."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from iocmarket.indicators import scoring
from iocmarket.indicators.visibility import distinct_authors
from iocmarket.kernel.clock import MICROSECOND
from iocmarket.kernel.marking import PAP, TLP, Marking

ANONYMOUS = "A member of the community"


class Said(NamedTuple):
    """One contribution as the database brings it: a row, not a model instance, which would cost ten times as much."""

    pk: int
    indicator_id: int
    institution_id: int
    name: str
    """The institution's."""
    threat_type: str
    tlp: int
    pap: int
    anonymous: bool
    subtree: bool
    confidence: int
    comment: str
    tags: list[str]
    first_seen: datetime
    last_seen: datetime
    valid_until: datetime | None

    def saying(self) -> tuple[Hashable, ...]:
        """What is said and by whom, whatever it is said of: equal sayings make equal facts but for the value."""
        return (
            self.institution_id, self.name, self.threat_type, self.tlp, self.pap, self.anonymous, self.subtree,
            self.confidence, self.comment, tuple(self.tags), self.first_seen, self.last_seen, self.valid_until,
        )  # fmt: skip


class Met(NamedTuple):
    """What the sightings of one kind by one institution come to: a sensor reports for years, the latest decides."""

    kind: str
    institution_id: int
    anonymous: bool
    seen_at: datetime


class Statement(NamedTuple):
    """One contribution as an entry tells it. `who` is pooled for anonymous ones."""

    who: str
    threat_type: str
    confidence: int
    comment: str


class Facts(NamedTuple):
    """One indicator as an audience sees it under a ceiling."""

    type: str
    value: str
    marking: Marking
    statements: tuple[Statement, ...]
    threat_types: tuple[str, ...]
    tags: tuple[str, ...]
    subtree: bool
    confidence: int
    institutions: int
    contesting: int
    """Institutions that report a false positive."""
    gone: int
    """Other institutions that report it active no more, since it was last seen."""
    base_score: float
    first_seen: datetime
    last_seen: datetime
    valid_until: datetime
    expired: bool
    due_at: datetime | None
    """The next moment at which time alone changes these facts; None when it changes nothing more."""


def facts_of(
    contributions: Sequence[Said],
    sightings: Sequence[Met] = (),
    *,
    type_name: str,
    value: str,
    lifetime_days: int,
    moment: datetime,
    threshold: float,
) -> Facts:
    """Compute the facts at a moment. But for the marking, expired statements count only when every one has expired.

    `contributions` are the live ones of one view and one indicator; at least one. `sightings` are those of
    the same view: they say nothing alone.
    """
    current = [c for c in contributions if c.valid_until is None or c.valid_until > moment]
    speaking = current or contributions
    if len(speaking) > 1:
        speaking = sorted(speaking, key=lambda c: (_who(c), c.pk))
    gathered = _gathered(speaking) if len(speaking) > 1 else _alone(speaking[0])
    last_seen = max([gathered.last_seen, *_moments_seen(sightings)]) if sightings else gathered.last_seen
    contesting, gone = _against(sightings, last_seen) if sightings else (0, 0)
    base = scoring.base_score(
        confidence=gathered.confidence, institutions=gathered.institutions, contesting=contesting, gone=gone
    )
    crossing = _crosses_at(threshold, base, last_seen, lifetime_days)
    until = _valid_until(speaking, crossing)
    expired = until <= moment
    ends = [c.valid_until for c in current if c.valid_until is not None]
    return Facts(
        type=type_name,
        value=value,
        # Also of expired ones: expiry is a state, not invisibility (domain.md, rule 3).
        marking=_strictest(contributions),
        statements=tuple(map(_statement, speaking)),
        threat_types=gathered.threat_types,
        tags=gathered.tags,
        subtree=gathered.subtree,
        confidence=gathered.confidence,
        institutions=gathered.institutions,
        contesting=contesting,
        gone=gone,
        base_score=base,
        first_seen=gathered.first_seen,
        last_seen=last_seen,
        valid_until=max(until, gathered.first_seen + MICROSECOND),  # STIX wants it strictly after valid_from
        expired=expired,
        due_at=min(ends if expired else [until, *ends], default=None),
    )


class _Gathered(NamedTuple):
    """What several statements say together, before time is looked at."""

    threat_types: tuple[str, ...]
    tags: tuple[str, ...]
    subtree: bool
    confidence: int
    institutions: int
    first_seen: datetime
    last_seen: datetime


def _gathered(speaking: Sequence[Said]) -> _Gathered:
    return _Gathered(
        threat_types=tuple(sorted({c.threat_type for c in speaking})),
        tags=tuple(sorted({tag for c in speaking for tag in c.tags})),
        subtree=any(c.subtree for c in speaking),
        confidence=max(c.confidence for c in speaking),
        institutions=distinct_authors(speaking),
        first_seen=min(c.first_seen for c in speaking),
        last_seen=max(c.last_seen for c in speaking),
    )


def _alone(said: Said) -> _Gathered:
    """`_gathered` of one statement, which nine of ten values have: a fifth of its cost. A test holds the two equal."""
    tags = said.tags
    return _Gathered(
        (said.threat_type,),
        tuple(tags) if len(tags) < 2 else tuple(sorted(set(tags))),
        said.subtree,
        said.confidence,
        1,
        said.first_seen,
        said.last_seen,
    )


@lru_cache(maxsize=4096)
def _crosses_at(threshold: float, base: float, last_seen: datetime, lifetime_days: int) -> datetime:
    """Remembered, since what was submitted together has one answer."""
    return scoring.crosses_at(threshold, base=base, last_seen=last_seen, lifetime_days=lifetime_days)


_MARKINGS: dict[tuple[int, int], Marking] = {(tlp, pap): Marking(tlp, pap) for tlp in TLP for pap in PAP}


def _strictest(contributions: Sequence[Said]) -> Marking:
    return _MARKINGS[max([c.tlp for c in contributions]), max([c.pap for c in contributions])]


def _moments_seen(sightings: Sequence[Met]) -> list[datetime]:
    return [met.seen_at for met in sightings if met.kind == "seen"]


def _against(sightings: Sequence[Met], last_seen: datetime) -> tuple[int, int]:
    """How many institutions contest, and how many others say that it is gone: not of what was seen after that."""
    contesting = [met for met in sightings if met.kind == "false-positive"]
    gone = [met for met in sightings if met.kind == "expired" and met.seen_at > last_seen]
    heard = distinct_authors(contesting)
    return heard, distinct_authors([*contesting, *gone]) - heard


def _valid_until(speaking: Sequence[Said], crossing: datetime) -> datetime:
    """The score's crossing, never past an explicit end that every statement shares."""
    explicit = [c.valid_until for c in speaking if c.valid_until is not None]
    return min(crossing, max(explicit)) if len(explicit) == len(speaking) else crossing


def _who(said: Said) -> str:
    return ANONYMOUS if said.anonymous else said.name


def _statement(said: Said) -> Statement:
    return Statement(_who(said), said.threat_type, said.confidence, said.comment)
