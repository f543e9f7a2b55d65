"""What we tell, in MISP's JSON: pure functions of what the caller has found visible.

Every field of MISP 2.5 is there, integers as strings and booleans as they are: clients index, convert and split what
they get without looking. `event_creator_email` alone is left out: it would name a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from ingestion.readers.misp_types import OWN_SPACE, SUMMED_UP
from iocmarket.indicators.threats import VOCABULARY
from iocmarket.kernel.marking import PAP, TLP, Marking
from sharing.misp.numbers import number_of
from sharing.misp.types import Written, category_of

Json = dict[str, Any]

OWN, COMMUNITY, GROUP, INHERITED = "0", "1", "4", "5"
"""MISP's distributions: own organisation, this community, sharing group, as the event."""
_COLOURS = {
    "tlp:red": "#FF2B2B", "tlp:amber": "#FFC000", "tlp:amber+strict": "#FFC000", "tlp:green": "#33FF00",
    "tlp:clear": "#ffffff", "PAP:RED": "#ff0000", "PAP:AMBER": "#ffa800", "PAP:GREEN": "#00ad1c",
    "PAP:CLEAR": "#ffffff",
}  # fmt: skip
_COLOUR = "#0088cc"


@dataclass(frozen=True, slots=True)
class Org:
    """An institution; or the community, for what anonymous ones said."""

    public_id: UUID
    name: str

    @property
    def number(self) -> str:
        """Its number."""
        return str(number_of(self.public_id))


@dataclass(frozen=True, slots=True)
class Group:
    """A circle."""

    public_id: UUID
    name: str

    @property
    def number(self) -> str:
        """Its number."""
        return str(number_of(self.public_id))


class Name(NamedTuple):
    """What the viewer's institution calls what a client of its own wrote: told to it in place of the view's name."""

    number: int
    uuid: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """An event without its attributes, as one viewer reads it."""

    number: int
    uuid: UUID | str
    info: str
    day: date
    timestamp: int
    """Of the newest of its attributes (Unix seconds)."""
    marking: Marking
    """The strictest of what is in it: clients that look at nothing else must not do more than each permits."""
    org: Org
    distribution: str
    group: Group | None = None
    finished: bool = False
    """Whether it is a story that somebody told; days go on."""
    own: Name | None = None

    @property
    def shown(self) -> Name:
        """The name under which it is told."""
        return self.own or Name(self.number, UUID(str(self.uuid)))

    def at(self, timestamp: int) -> Head:
        """The same, as new as that."""
        return replace(self, timestamp=timestamp)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One contribution, as one viewer reads it."""

    number: int
    uuid: UUID | str
    head: Head
    type: str
    value: str
    """As we name and write it."""
    written: Written
    """As MISP does."""
    timestamp: int
    to_ids: bool
    blockable: bool
    """Whether a format without markings may carry it, whatever `to_ids` says to this reader."""
    detected: bool = False
    """Whether something that looks in silence should look for it."""
    subtree: bool = False
    live: bool
    gone: bool = False
    """Whether it is told only so that a reader drops it."""
    score: float
    indicator_id: int
    marking: Marking
    comment: str = ""
    threat_type: str = ""
    tags: Sequence[str] = ()
    first_seen: datetime | None = None
    last_seen: datetime | None = None
    more: Json = field(default_factory=dict)
    """Members that only some requests ask for: Event, Sighting, decay_score …"""
    own: Name | None = None

    @property
    def shown(self) -> Name:
        """The name under which it is told."""
        return self.own or Name(self.number, UUID(str(self.uuid)))


def attribute(said: Statement) -> Json:
    """An Attribute."""
    return {
        "id": str(said.shown.number),
        "event_id": str(said.head.shown.number),
        "object_id": "0",
        "object_relation": None,
        "category": category_of(said.written.type),
        "type": said.written.type,
        "to_ids": said.to_ids,
        "uuid": str(said.shown.uuid),
        "timestamp": str(said.timestamp),
        "distribution": INHERITED,
        "sharing_group_id": "0",
        "comment": said.comment,
        "deleted": False,
        "disable_correlation": False,
        "first_seen": _moment(said.first_seen),
        "last_seen": _moment(said.last_seen),
        "value": said.written.value,
        "Galaxy": [],
        "ShadowAttribute": [],
        "Tag": [tag(name) for name in tags_of(said)],
        **said.more,
    }


def tags_of(said: Statement) -> list[str]:
    """The names of an attribute's tags: its labels, what it was used for, what its author wrote, its type."""
    rsit = [VOCABULARY[said.threat_type].rsit] if said.threat_type else []
    ours = {"threat": said.threat_type, "type": said.written.named}
    own = [f'{OWN_SPACE}{name}="{value}"' for name, value in ours.items() if value]
    return list(dict.fromkeys([*labels(said.marking), *rsit, *own, *said.tags]))


def event(head: Head, *, attributes: Sequence[Json] = (), count: int | None = None) -> Json:
    """An Event with everything in it."""
    return {
        **_event(head, count=len(attributes) if count is None else count),
        "Attribute": list(attributes),
        "ShadowAttribute": [],
        "RelatedEvent": [],
        "Galaxy": [],
        "Object": [],
        "EventReport": [],
        "CryptographicKey": [],
        "Tag": [tag(name) for name in event_tags(head)],
    }


def event_tags(head: Head) -> list[str]:
    """The names of an event's tags: its labels, and that these sum up what its attributes say each for itself."""
    return [*labels(head.marking), SUMMED_UP]


def listed_event(head: Head, *, count: int) -> Json:
    """An event in an index: without attributes, its tags with what binds them."""
    tags = [tag(name) for name in event_tags(head)]
    bound = [
        {"id": one["id"], "event_id": str(head.shown.number), "tag_id": one["id"],
         "relationship_type": None, "local": False, "Tag": one}
        for one in tags
    ]  # fmt: skip
    return {**_event(head, count=count), "EventTag": bound, "GalaxyCluster": []}


def _event(head: Head, *, count: int) -> Json:
    org = organisation(head.org)
    found: Json = {
        "id": str(head.shown.number),
        "orgc_id": org["id"],
        "org_id": org["id"],
        "date": head.day.isoformat(),
        "threat_level_id": "4",
        "info": head.info,
        "published": True,
        "uuid": str(head.shown.uuid),
        "attribute_count": str(count),
        "analysis": "2" if head.finished else "1",
        "timestamp": str(head.timestamp),
        "distribution": head.distribution,
        "proposal_email_lock": False,
        "locked": False,
        "publish_timestamp": str(head.timestamp),
        "sharing_group_id": head.group.number if head.group else "0",
        "disable_correlation": False,
        "extends_uuid": "",
        "protected": None,
        "Org": org,
        "Orgc": org,
    }
    if head.group is not None:
        found["SharingGroup"] = {
            "id": head.group.number, "uuid": str(head.group.public_id), "name": head.group.name,
        }  # fmt: skip
    return found


def event_beside(head: Head) -> Json:
    """The event as an attribute names it."""
    return {
        "id": str(head.shown.number), "uuid": str(head.shown.uuid), "info": head.info, "org_id": head.org.number,
        "orgc_id": head.org.number, "distribution": head.distribution,
    }  # fmt: skip


def event_in_context(head: Head, *, count: int) -> Json:
    """The same with all that a client asks for with `includeContext`."""
    return _event(head, count=count) | {"Tag": [tag(name) for name in event_tags(head)]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Composite:
    """An object around attributes. None is stored: its writer is given back what he sent."""

    number: int
    uuid: UUID | str
    name: str
    category: str
    template_uuid: str
    template_version: str
    event_number: int
    timestamp: int
    comment: str = ""


def object_of(whole: Composite, attributes: Sequence[Json]) -> Json:
    """An Object."""
    return {
        "id": str(whole.number),
        "name": whole.name,
        "meta-category": whole.category,
        "description": "",
        "template_uuid": whole.template_uuid,
        "template_version": whole.template_version,
        "event_id": str(whole.event_number),
        "uuid": str(whole.uuid),
        "timestamp": str(whole.timestamp),
        "distribution": INHERITED,
        "sharing_group_id": "0",
        "comment": whole.comment,
        "deleted": False,
        "first_seen": None,
        "last_seen": None,
        "ObjectReference": [],
        "Attribute": [{**one, "object_id": str(whole.number)} for one in attributes],
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """What an institution met of an attribute's value."""

    number: int
    uuid: UUID | str
    attribute_number: int
    event_number: int
    seen_at: datetime
    kind: str
    source: str
    org: Org


def sighting(met: Met) -> Json:
    """A Sighting."""
    return {
        "id": str(met.number),
        "attribute_id": str(met.attribute_number),
        "event_id": str(met.event_number),
        "org_id": met.org.number,
        "date_sighting": str(int(met.seen_at.timestamp())),
        "uuid": str(met.uuid),
        "source": met.source,
        "type": SIGHTINGS[met.kind],
        "Organisation": {"id": met.org.number, "uuid": str(met.org.public_id), "name": met.org.name},
    }


SIGHTINGS = {"seen": "0", "false-positive": "1", "expired": "2"}
"""MISP's numbers of our kinds."""


def organisation(org: Org) -> Json:
    """An organisation."""
    return {"id": org.number, "name": org.name, "uuid": str(org.public_id), "local": True}


def labels(marking: Marking) -> list[str]:
    """The tags of the two labels: of the TLP taxonomy, and of the PAP one."""
    return [tlp_tag(marking.tlp), f"PAP:{marking.pap.label}"]


def tlp_tag(level: TLP) -> str:
    """The tag of a TLP level."""
    return f"tlp:{level.label.lower()}"


@lru_cache(maxsize=4096)
def tag(name: str) -> Json:
    """A Tag. Callers do not change what they get."""
    return {
        "id": str(number_of(name)),
        "name": name,
        "colour": _COLOURS.get(name, _COLOUR),
        "exportable": True,
        "user_id": "0",
        "hide_tag": False,
        "numerical_value": None,
        "is_galaxy": False,
        "is_custom_galaxy": False,
        "local_only": False,
        "local": 0,
        "relationship_type": None,
    }


def taxonomy_tags() -> list[str]:
    """The names of the tags that we give ourselves."""
    levels = [tlp_tag(level) for level in TLP if level is not TLP.RED] + [f"PAP:{level.label}" for level in PAP]
    return levels + sorted({words.rsit for words in VOCABULARY.values()})


def strictest(markings: Iterable[Marking]) -> Marking:
    """The strictest labels; the least strict for nothing."""
    found = list(markings)
    tlp = max((one.tlp for one in found), default=TLP.CLEAR)
    return Marking(tlp, max((one.pap for one in found), default=PAP.CLEAR))


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="microseconds")
