"""Who is there when a story begins: four institutions with two members and a machine each, two circles; outside of
them a partner with a machine, and anybody.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from iocmarket.accounts.circles import create_circle
from iocmarket.accounts.models import Circle, Institution, Member, Token
from iocmarket.accounts.opening import open_to_public
from iocmarket.accounts.partners import make_partner
from iocmarket.accounts.roles import Scope
from iocmarket.accounts.services import create_token
from iocmarket.audit.services import PLATFORM
from iocmarket.indicators.recognise import recognise
from tests.factories import make_institution, make_member
from tests.oracle.model import World
from tests.oracle.nouns import PUBLIC, Ceiling, Viewer

VALUES = ("45.6.0.1", "45.6.0.2", "malice-one.com")
NEVER_SEEN = ("45.6.9.9", "malice-never.com")
NAMES = ("Aulnay", "Bourges", "Calais", "Dijon")
AGREED = timedelta(hours=60)
"""So short that it ends in many stories."""


@dataclass(frozen=True, slots=True)
class Key:
    """A token with its secret."""

    institution: int
    token: Token
    secret: str

    @property
    def ceiling(self) -> Ceiling:
        """In the model's numbers."""
        return int(self.token.ceiling.tlp), int(self.token.ceiling.pap)

    @property
    def viewer(self) -> Viewer:
        """Its eyes in the model."""
        return Viewer(self.institution, self.ceiling, outside=self.token.institution.reads_community_only)

    @property
    def headers(self) -> dict[str, str]:
        """What its requests carry."""
        return {"Authorization": f"Bearer {self.secret}"}


@dataclass(frozen=True, slots=True)
class Anybody:
    """Whoever reads the public feed, without any key."""

    institution: int
    """The row that stands for the public."""

    @property
    def ceiling(self) -> Ceiling:
        """What everybody may be told."""
        return PUBLIC

    @property
    def viewer(self) -> Viewer:
        """The eyes of anybody."""
        return Viewer(self.institution, PUBLIC, outside=True)

    @property
    def headers(self) -> dict[str, str]:
        """Nothing."""
        return {}


@dataclass(frozen=True, slots=True)
class Cast:
    """What the database holds when a story begins, and the model of it."""

    institutions: tuple[Institution, ...]
    members: tuple[Member, ...]
    circles: tuple[Circle, ...]
    keys: tuple[Key | Anybody, ...]
    partner: Institution
    anybody: Anybody
    began: World

    def __repr__(self) -> str:
        """Short: it stands in every report of a failure, and is always the same."""
        return "cast"

    def world(self, now: datetime) -> World:
        """A model of its own for one story."""
        fresh = replace(self.began, now=now, approved=dict(self.began.approved), keys=list(self.began.keys))
        circles = {circle: dict(members) for circle, members in self.began.circles.items()}
        fresh = replace(fresh, homes=dict(self.began.homes), gone=set(), until=dict(self.began.until))
        return replace(fresh, circles=circles, said=[], met=[], needed={}, stated={}, published=set())


def make_cast(now: datetime) -> Cast:
    """Three institutions are let in, the fourth is not yet; each circle has one member. The public feed is open."""
    institutions = tuple(make_institution(name, approved=name != NAMES[-1]) for name in NAMES)
    members = tuple(make_member(institution) for institution in institutions for _ in range(2))
    circles = tuple(
        create_circle(name=f"Cercle {number}", founder=institutions[number], actor=PLATFORM) for number in range(2)
    )
    end = now + AGREED
    partner = make_partner(
        name="Partenaire", agreement="texte", until=end, contact_email="p@example.org", actor=PLATFORM
    )
    open_to_public(opened=True, actor=PLATFORM)
    anybody = Anybody(Institution.objects.get(kind=Institution.Kind.PUBLIC).pk)
    keys: tuple[Key | Anybody, ...] = (*(_key(institution) for institution in (*institutions, partner)), anybody)
    world = World(
        lifetimes={value: recognise(value).type.lifetime_days for value in VALUES},
        homes={member.pk: member.institution_id or 0 for member in members},
        now=now,
        approved=dict.fromkeys((*(each.pk for each in institutions[:-1]), partner.pk, anybody.institution), now),
        outside=frozenset({partner.pk, anybody.institution}),
        until={partner.pk: end},
        circles={circle.pk: {institutions[number].pk: now} for number, circle in enumerate(circles)},
        keys=[(key.institution, key.ceiling) for key in keys],
    )
    return Cast(institutions, members, circles, keys, partner, anybody, world)


def _key(institution: Institution) -> Key:
    scopes = [Scope.INDICATORS_READ, Scope.FEEDS_READ]
    made = create_token(institution=institution, name="own", scopes=scopes, made_by=None, actor=PLATFORM)
    return Key(institution.pk, made.token, made.secret)
