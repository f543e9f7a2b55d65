"""The files of a MISP feed: manifest, hashes and events. Pure; what MISP and PyMISP write, field by field.

A feed has no numbers and no distributions: who pulls it decides whom to tell, and the tags say how far that may go.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson

from sharing.misp.shapes import Head, Json, Statement, attribute, event_tags, tag

OURS = "iocmarket"
"""A member of our events that others pass over (`of_ours`)."""
_ATTRIBUTE = (
    "category", "comment", "deleted", "disable_correlation", "timestamp", "to_ids", "type", "uuid", "value",
    "first_seen", "last_seen",
)  # fmt: skip
_TAG = ("colour", "local", "name", "relationship_type")


def manifest_entry(head: Head) -> Json:
    """What the manifest says of an event. Its `timestamp` tells a client whether to fetch the event again."""
    return {
        "Orgc": {"name": head.org.name, "uuid": str(head.org.public_id)},
        "Tag": _tags(event_tags(head)),
        "info": head.info,
        "date": head.day.isoformat(),
        "analysis": _analysis(head),
        "threat_level_id": 4,
        "timestamp": head.timestamp,
    }


def event_file(head: Head, attributes: Iterable[Json]) -> Iterator[bytes]:
    """The file of an event, piece by piece."""
    body = {
        "analysis": str(_analysis(head)),
        "date": head.day.isoformat(),
        "extends_uuid": "",
        "info": head.info,
        "protected": False,
        "publish_timestamp": str(head.timestamp),
        "published": True,
        "threat_level_id": "4",
        "timestamp": str(head.timestamp),
        "uuid": str(head.shown.uuid),
        "Orgc": {"name": head.org.name, "uuid": str(head.org.public_id)},
        "Tag": _tags(event_tags(head)),
        "Object": [],
        "EventReport": [],
        OURS: of_ours(head),
    }
    yield b'{"Event":' + orjson.dumps(body)[:-1] + b',"Attribute":['
    for number, one in enumerate(attributes):
        yield (b"," if number else b"") + orjson.dumps(one)
    yield b"]}}"


def of_ours(head: Head) -> Json:
    """What another instance of ours reads besides: whether the event is a report, or the day of an institution."""
    return {"report": head.finished}


def feed_attribute(said: Statement) -> Json:
    """An attribute; one that was taken back is `deleted`, so that a client drops what it has."""
    whole = {**attribute(said), "deleted": said.gone}
    found = {name: whole[name] for name in _ATTRIBUTE if whole[name] is not None}
    return {**found, "Tag": _tags(one["name"] for one in whole["Tag"])}


def hash_lines(values: Iterable[tuple[str, str]]) -> Iterator[bytes]:
    """Lines of `hashes.csv` for values with the uuids of their events: one for each part of a value, each once."""
    for value, uuid in values:
        for part in dict.fromkeys(value.split("|")):
            digest = hashlib.md5(part.encode(), usedforsecurity=False).hexdigest()
            yield f"{digest},{uuid}\n".encode()


def _analysis(head: Head) -> int:
    return 2 if head.finished else 1


def _tags(names: Iterable[str]) -> list[Mapping[str, Any]]:
    return [{name: told[name] for name in _TAG} for told in map(tag, names)]
