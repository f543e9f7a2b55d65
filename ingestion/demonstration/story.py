"""The story of the demonstration: who sent what when. Pure: the same for the same `now`, nothing is asked of anybody.

Every campaign is told in several dispatches, as people would: a first alert, then what was found since. Other
institutions that met the same values say so later, with their own words (corroboration).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

from ingestion.demonstration.campaigns import CAMPAIGNS, Campaign
from ingestion.demonstration.cast import HOUSES, PEOPLE, House, Person
from ingestion.demonstration.values import Draw
from iocmarket.accounts.roles import Role
from iocmarket.indicators.models import Audience

SEED = "place de marché"
TYPES = {"tor": "ipv4"}
ITEMS_OF_A_DISPATCH = 9
ECHO_SHARE = 0.16
# The classes of values that comments speak of; everything else is a name.
CLASSES = {
    **dict.fromkeys(("ipv4", "ipv6", "cidr"), "net"),
    **dict.fromkeys(("md5", "sha1", "sha256"), "file"),
    "email": "mail",
}
ECHO_COMMENTS = (
    ("any", "Vu également chez nous, merci pour l'alerte."),
    ("any", "Retrouvé grâce à votre partage : un compte était compromis ici aussi."),
    ("net", "Même constat, bloqué au pare-feu."),
    ("net", "Confirmé dans nos journaux, premier contact la veille."),
    ("name", "Confirmé dans les journaux du résolveur, trois postes concernés."),
    ("file", "Exécution bloquée chez nous aussi."),
    ("mail", "Reçu ici par une trentaine de personnes."),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What one institution says of one value, in the words of the API (labels, not numbers)."""

    type: str
    value: str
    threat_type: str
    tlp: str
    pap: str
    audience: str
    recipients: tuple[str, ...] = ()
    confidence: int
    comment: str
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch:
    """One act of sending: a person, a moment, an optional report, and the statements."""

    house: str
    author: str
    at: datetime
    report: Campaign | None
    statements: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Story:
    """Everything that the demonstration creates."""

    houses: tuple[House, ...]
    people: tuple[Person, ...]
    dispatches: tuple[Dispatch, ...]


def tell(now: datetime) -> Story:
    """The story that ends at `now`, oldest dispatch first."""
    random = Random(SEED)  # noqa: S311 (a story, not a secret)
    draw = Draw(random)
    dispatches: list[Dispatch] = []
    for campaign in CAMPAIGNS:
        told = _told(campaign, draw, random, now)
        dispatches += told
        dispatches += _echoed(campaign, told, random, now)
    return Story(HOUSES, PEOPLE, tuple(sorted(dispatches, key=lambda dispatch: dispatch.at)))


def _told(campaign: Campaign, draw: Draw, random: Random, now: datetime) -> list[Dispatch]:
    statements = [
        _statement(campaign, kind, draw.value(kind, campaign.words), random)
        for kind, count in campaign.draws
        for _ in range(count)
    ]
    random.shuffle(statements)
    parts = range(0, len(statements), ITEMS_OF_A_DISPATCH)
    return [
        Dispatch(
            house=campaign.house,
            author=_author(campaign.house, random),
            at=_moment(campaign, number / len(parts), random, now),
            report=campaign if campaign.report else None,
            statements=tuple(statements[start : start + ITEMS_OF_A_DISPATCH]),
        )
        for number, start in enumerate(parts)
    ]


def _echoed(campaign: Campaign, told: list[Dispatch], random: Random, now: datetime) -> list[Dispatch]:
    """Others repeat some of what they could read, hours to days later."""
    echoes = []
    for house in campaign.echoes:
        for dispatch in told:
            repeated = tuple(
                replace(
                    statement,
                    comment=_comment(ECHO_COMMENTS, statement.type, random),
                    confidence=random.choice((60, 75, 90)),
                    audience=Audience.COMMUNITY.value,
                )
                for statement in dispatch.statements
                if statement.audience == Audience.COMMUNITY and random.random() < ECHO_SHARE
            )
            at = dispatch.at + timedelta(hours=random.uniform(1, 60))
            if repeated and at < now:
                echoes.append(
                    Dispatch(house=house, author=_author(house, random), at=at, report=None, statements=repeated),
                )
    return echoes


def _statement(campaign: Campaign, kind: str, value: str, random: Random) -> Statement:
    tlp, pap = _marking(campaign, random)
    audience, recipients = _audience(campaign, random)
    type_name = TYPES.get(kind, kind)
    return Statement(
        type=type_name,
        value=value,
        threat_type=campaign.threat.value,
        tlp=tlp,
        pap=pap,
        audience=audience,
        recipients=recipients,
        confidence=random.choice((50, 60, 75, 90)),
        comment=_comment(campaign.comments, type_name, random),
        tags=campaign.tags,
    )


def _comment(comments: tuple[tuple[str, str], ...], type_name: str, random: Random) -> str:
    """Words that fit the value; none when there are none: people do not always comment."""
    fitting = [text for about, text in comments if about in {"any", CLASSES.get(type_name, "name")}]
    return random.choice(fitting) if fitting else ""


def _marking(campaign: Campaign, random: Random) -> tuple[str, str]:
    """Mostly the campaign's; now and then a find that somebody marks more strictly. Never TLP:RED."""
    if random.random() < 0.85:
        return campaign.tlp, campaign.pap
    return random.choice(("AMBER", "AMBER+STRICT")), random.choice(("AMBER", "RED"))


def _audience(campaign: Campaign, random: Random) -> tuple[str, tuple[str, ...]]:
    chance = random.random()
    if chance < 0.84:
        return Audience.COMMUNITY.value, ()
    if chance < 0.92:
        return Audience.OWN.value, ()
    others = [house.name for house in HOUSES if house.key != campaign.house]
    return Audience.RECIPIENTS.value, (random.choice(others),)


def _author(house: str, random: Random) -> str:
    return random.choice([p.email for p in PEOPLE if p.house == house and p.role != Role.READER])


def _moment(campaign: Campaign, part: float, random: Random, now: datetime) -> datetime:
    """A moment in the given part of the campaign, at least ten minutes ago; people sleep until seven."""
    days_ago = campaign.begins - campaign.lasts * part - random.uniform(0, 0.3)
    moment = now - timedelta(days=days_ago)
    if moment.hour < 6:
        moment += timedelta(hours=6)
    return min(moment, now - timedelta(minutes=random.uniform(10, 90)))
