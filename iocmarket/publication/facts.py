"""What an entry says: computed from the contributions and sightings of its view and from nothing else. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from iocmarket.indicators import scoring
from iocmarket.indicators.models import Contribution, Sighting
from iocmarket.indicators.visibility import distinct_authors
from iocmarket.kernel.clock import MICROSECOND
from iocmarket.kernel.marking import Marking, strictest

ANONYMOUS = "A member of the community"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One contribution as an entry tells it. `who` is pooled for anonymous ones."""

    who: str
    threat_type: str
    confidence: int
    comment: str


class Met(NamedTuple):
    """What the sightings of one kind by one institution come to: a sensor reports for years, the latest decides."""

    kind: str
    institution_id: int
    anonymous: bool
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
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
    contributions: Sequence[Contribution],
    sightings: Sequence[Met] = (),
    *,
    type_name: str,
    value: str,
    lifetime_days: int,
    moment: datetime,
    threshold: float,
) -> Facts:
    """Compute the facts at a moment. But for the marking, expired statements count only when every one has expired.

    `contributions` are the live ones of one view and one indicator, with their institution loaded; at least one.
    `sightings` are those of the same view: they say nothing alone.
    """
    current = [c for c in contributions if c.valid_until is None or c.valid_until > moment]
    speaking = sorted(current or contributions, key=lambda c: (_who(c), c.pk))
    institutions = distinct_authors(speaking)
    first_seen = min(c.first_seen for c in speaking)
    last_seen = max([*(c.last_seen for c in speaking), *_moments_seen(sightings)])
    contesting, gone = _against(sightings, last_seen)
    base = scoring.base_score(
        confidence=max(c.confidence for c in speaking), institutions=institutions, contesting=contesting, gone=gone
    )
    until = _valid_until(
        speaking,
        scoring.crosses_at(threshold, base=base, last_seen=last_seen, lifetime_days=lifetime_days),
    )
    expired = until <= moment
    ends = [c.valid_until for c in current if c.valid_until is not None]
    return Facts(
        type=type_name,
        value=value,
        # Also of expired ones: expiry is a state, not invisibility (domain.md, rule 3).
        marking=strictest(c.marking for c in contributions),
        statements=tuple(_statement(c) for c in speaking),
        threat_types=tuple(sorted({c.threat_type for c in speaking})),
        tags=tuple(sorted({tag for c in speaking for tag in c.tags})),
        subtree=any(c.subtree for c in speaking),
        confidence=max(c.confidence for c in speaking),
        institutions=institutions,
        contesting=contesting,
        gone=gone,
        base_score=base,
        first_seen=first_seen,
        last_seen=last_seen,
        valid_until=max(until, first_seen + MICROSECOND),  # STIX wants it strictly after valid_from
        expired=expired,
        due_at=min(ends if expired else [until, *ends], default=None),
    )


def _moments_seen(sightings: Sequence[Met]) -> list[datetime]:
    return [met.seen_at for met in sightings if met.kind == Sighting.Kind.SEEN]


def _against(sightings: Sequence[Met], last_seen: datetime) -> tuple[int, int]:
    """How many institutions contest, and how many others say that it is gone: not of what was seen after that."""
    contesting = [met for met in sightings if met.kind == Sighting.Kind.FALSE_POSITIVE]
    gone = [met for met in sightings if met.kind == Sighting.Kind.EXPIRED and met.seen_at > last_seen]
    heard = distinct_authors(contesting)
    return heard, distinct_authors([*contesting, *gone]) - heard


def _valid_until(speaking: Sequence[Contribution], crossing: datetime) -> datetime:
    """The score's crossing, never past an explicit end that every statement shares."""
    ends = [c.valid_until for c in speaking]
    explicit = [end for end in ends if end is not None]
    return min(crossing, max(explicit)) if len(explicit) == len(ends) else crossing


def _who(contribution: Contribution) -> str:
    return ANONYMOUS if contribution.anonymous else contribution.institution.name


def _statement(contribution: Contribution) -> Statement:
    return Statement(
        who=_who(contribution),
        threat_type=contribution.threat_type,
        confidence=contribution.confidence,
        comment=contribution.comment,
    )
