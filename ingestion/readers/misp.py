"""MISP events: an export, an answer of restSearch, a file of a feed. The event is the report, its attributes the items.

Marking: the tags of event and attribute, the stricter of each scale; of their distributions the narrowest. What
another organisation wrote and marked AMBER or stricter stays in the own institution (domain.md, Marking).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from ingestion.readers.files import MIB, FileContext, FileReader, Opened, Source, Tale, Told, document_in, file_readers
from ingestion.readers.misp_types import ABOUT_OTHERS, SUMMED_UP, UNDETECTED, own_tags, own_type, parts_of, threat_of
from ingestion.readers.stix_bundles import KEPT_TO_OWN
from ingestion.readers.stix_markings import Carried, carried_by, is_marking_label
from ingestion.readers.telling import (
    DESCRIPTION_MAX,
    TAG_MAX,
    TAGS_MAX,
    TITLE_MAX,
    dict_of,
    dicts_of,
    moment_of,
    plain,
    refused,
    told,
    without_empty,
)
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.marking import TLP
from iocmarket.kernel.pointer import pointer

MEDIA_TYPE = "application/vnd.misp+json"
NOT_DETECTED = 30
"""Confidence in percent of a value that its author took out of detection (`to_ids` false)."""
OF_OTHERS = "distribution_own"
_OWN, _GROUP, _INHERITED = 0, 4, 5
_WIDTH = {_OWN: 0, _GROUP: 1, 1: 2, 2: 3, 3: 4}
"""MISP's distributions from the narrowest: own organisation, sharing group, this community, connected ones, all."""
OURS = "iocmarket"
"""A member of events in the feed of another instance of ours (sharing/misp/feed_shapes.py)."""
_HEAD = re.compile(rb'"Event"\s*:\s*\{')


@dataclass(frozen=True, slots=True)
class Frame:
    """What holds for every attribute of an event."""

    info: str
    tags: tuple[str, ...]
    carried: Carried
    distribution: int | None
    group: str
    """The uuid of the sharing group; empty without one."""
    foreign: bool
    """Whether another organisation than the sender made it."""

    def summed_up(self, own: Carried) -> bool:
        """Whether these labels of an attribute are in the event's already, which may be stricter."""
        return SUMMED_UP in self.tags and own.tlp is not None and own.pap is not None

    def stricter(self, own: Carried) -> Carried:
        """The stricter of an attribute's labels and the event's, each of its own scale."""
        return Carried(_stricter(own.tlp, self.carried.tlp), _stricter(own.pap, self.carried.pap))


@dataclass(slots=True)
class _Reading:
    context: FileContext
    several: bool
    place: int = 0
    items: list[Told] = field(default_factory=list)
    silent: list[int] = field(default_factory=list)


class MispEvents(FileReader):
    """One event or several."""

    name: ClassVar[str] = "misp"
    media_types: ClassVar[tuple[str, ...]] = (MEDIA_TYPE,)
    carriers: ClassVar[tuple[str, ...]] = ("application/json",)
    size_max: ClassVar[int] = 64 * MIB

    def is_mine(self, head: bytes) -> bool:
        """An object with an Event in it."""
        return _HEAD.search(head) is not None

    def opened(self, source: Source, context: FileContext) -> Opened:
        """Its attributes as items, its info as the title. Raises Refusal: `not_an_event`, and those of markings."""
        events = _events(document_in(source))
        frames = [_frame(event, context, index) for index, event in enumerate(events)]
        reading = _Reading(context, several=len(events) > 1)
        for event, frame in zip(events, frames, strict=True):
            _read(event, frame, reading)
        tells = len(events) == 1 and frames[0].info and dict_of(events[0].get(OURS)).get("report") is not False
        tale = _tale(events[0], frames[0], context) if tells else None
        return Opened(reading.items, tale, tuple(reading.silent))


def _events(document: Any) -> Sequence[Mapping[str, Any]]:
    """The events of a document in any of the envelopes in which MISP and its clients write them. Raises Refusal."""
    body = document.get("response", document) if isinstance(document, dict) else document
    if isinstance(body, dict) and "Event" not in body and isinstance(body.get("Attribute"), list):
        found: list[Any] = [body]
    else:
        found = [each.get("Event", each) if isinstance(each, dict) else each for each in _listed(body)]
    for event in found:
        if not isinstance(event, dict) or not ({"Attribute", "Object", "info"} & set(event)):
            raise Refusal(
                "not_an_event", "the body is a MISP event: an object with `Event`, or a list of such", where="/"
            )
    if not found:
        raise Refusal("not_an_event", "there is no event in the body", where="/")
    return found


def _listed(body: Any) -> list[Any]:
    return body if isinstance(body, list) else [body]


def _frame(event: Mapping[str, Any], context: FileContext, index: int) -> Frame:
    tags = tags_in(event)
    try:
        carried = carried_by({"labels": list(tags)}, {})
    except Refusal as refusal:
        refusal.where = pointer("Event", index, "Tag")
        raise
    if carried.tlp is TLP.RED:
        detail = "TLP:RED is for persons: an event names none"
        raise Refusal("red_names_persons", detail, where=pointer("Event", index, "Tag"))
    maker = dict_of(event.get("Orgc")).get("name")
    return Frame(
        info=plain(event.get("info"), TITLE_MAX),
        tags=tags,
        carried=carried,
        distribution=_distribution(event),
        group=_group(event),
        foreign=context.origin.is_foreign(
            maker, own=isinstance(maker, str) and _folded(maker) == _folded(context.sender)
        ),
    )


def _folded(name: str) -> str:
    return " ".join(name.split()).casefold()


def _tale(event: Mapping[str, Any], frame: Frame, context: FileContext) -> Tale:
    notes = [plain(note.get("content"), DESCRIPTION_MAX) for note in dicts_of(event.get("EventReport"))]
    said, _warnings = _sharing(frame, {}, frame.carried, context)
    return Tale(frame.info, plain("\n\n".join(notes), DESCRIPTION_MAX), said)


def _read(event: Mapping[str, Any], frame: Frame, reading: _Reading) -> None:
    for attribute, around in _attributes(event):
        reading.place += 1
        try:
            found = list(_items(attribute, around, frame, reading))
        except Refusal as refusal:
            found = [refused(reading.place, plain(attribute.get("value"), TITLE_MAX), refusal.code, refusal.detail)]
        reading.items += found
        if not found:
            reading.silent.append(reading.place)


def _attributes(event: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Each attribute with the object that it is a part of: those of the event itself, then the objects'."""
    for attribute in dicts_of(event.get("Attribute")):
        yield attribute, dict_of(attribute.get("Object"))
    for around in dicts_of(event.get("Object")):
        for attribute in dicts_of(around.get("Attribute")):
            yield attribute, around


def _items(attribute: Mapping[str, Any], around: Mapping[str, Any], frame: Frame, reading: _Reading) -> Iterator[Told]:
    """What an attribute says; nothing when it was deleted, is about others, or is of a type that is none here."""
    kind, value = attribute.get("type"), attribute.get("value")
    if (
        _is(attribute.get("deleted"))
        or _is(around.get("deleted"))
        or attribute.get("category") in ABOUT_OTHERS - {"External analysis" if kind == "vulnerability" else ""}
    ):
        return
    if not isinstance(kind, str) or not isinstance(value, str):
        return
    own = own_type(tags_in(attribute))
    parts = [(own, value)] if own else list(parts_of(kind, value))
    if not parts:
        return
    said, warnings = _said(kind, attribute, around, frame, reading)
    for name, text in parts:
        yield told(reading.place, text, name, said, warnings=warnings)


def _said(
    kind: str, attribute: Mapping[str, Any], around: Mapping[str, Any], frame: Frame, reading: _Reading
) -> tuple[dict[str, Any], list[str]]:
    tags = tags_in(attribute)
    own = carried_by({"labels": list(tags)}, {})
    carried = own if frame.summed_up(own) else frame.stricter(own)
    if carried.tlp is TLP.RED:
        raise Refusal("red_names_persons", "TLP:RED is for persons: an attribute names none")
    sharing, warnings = _sharing(frame, {"attribute": attribute, "object": around}, carried, reading.context)
    comment = plain(attribute.get("comment"))
    silenced = kind not in UNDETECTED and "to_ids" in attribute and not _is(attribute["to_ids"])
    first, last = (_seen(name, attribute, around, reading.context.moment) for name in ("first_seen", "last_seen"))
    every = (*tags, *frame.tags)
    said = {
        **sharing,
        "comment": plain(f"{frame.info} — {comment}".strip(" —")) if reading.several else comment,
        "threat_type": threat_of(every),
        "confidence": NOT_DETECTED if silenced else None,
        "first_seen": None if first and last and last < first else first,
        "last_seen": last,
        "tags": kept_tags(every),
    }
    return without_empty(said), warnings


def _sharing(
    frame: Frame, parts: Mapping[str, Mapping[str, Any]], carried: Carried, context: FileContext
) -> tuple[dict[str, Any], list[str]]:
    """Marking and audience: never wider than the event, the object and the attribute say, each for itself."""
    said: dict[str, Any] = {}
    if carried.tlp is not None:
        said["tlp"] = carried.tlp.label
    if carried.pap is not None:
        said["pap"] = carried.pap.label
    levels = [(frame.distribution, frame.group), *((_distribution(part), _group(part)) for part in parts.values())]
    stated = [(level, group) for level, group in levels if level in _WIDTH]
    narrowest, group = min(stated, key=lambda each: _WIDTH[each[0] or _OWN], default=(None, ""))
    if frame.foreign and (context.default.tlp if carried.tlp is None else carried.tlp) >= TLP.AMBER:
        return {**said, "audience": "own"}, [KEPT_TO_OWN]
    if narrowest == _GROUP and group:
        return {**said, "audience": "circle", "circle": group}, []
    if narrowest in {_OWN, _GROUP}:
        return {**said, "audience": "own"}, [OF_OTHERS]
    return said, []


def _distribution(part: Mapping[str, Any]) -> int | None:
    """What a part says itself; None when it says nothing, or takes that of the event over."""
    text = str(part.get("distribution", ""))
    found = int(text) if text.isascii() and text.isdigit() and len(text) < 3 else None
    if found is None or found == _INHERITED:
        return None
    return found if found in _WIDTH else _OWN


def _group(part: Mapping[str, Any]) -> str:
    return plain(dict_of(part.get("SharingGroup")).get("uuid"), TAG_MAX)


def tags_in(part: Mapping[str, Any]) -> tuple[str, ...]:
    """The tags of an event or an attribute by their names."""
    names = [tag.get("name") for tag in dicts_of(part.get("Tag"))]
    return tuple(
        dict.fromkeys(plain(name, DESCRIPTION_MAX) for name in names if isinstance(name, str) and name.strip())
    )


def kept_tags(tags: Iterable[str]) -> list[str]:
    """Tags that say more than a marking and fit in a statement."""
    found = dict.fromkeys(tag for tag in tags if len(tag) <= TAG_MAX and tag.isprintable() and "," not in tag)
    own = own_tags(found)
    return [tag for tag in found if tag not in own and not is_marking_label(tag)][:TAGS_MAX]


def _seen(name: str, attribute: Mapping[str, Any], around: Mapping[str, Any], present: datetime) -> str | None:
    return moment_of(attribute.get(name), present) or moment_of(around.get(name), present)


def _stricter(one: Any, other: Any) -> Any:
    return max((level for level in (one, other) if level is not None), default=None)


def _is(flag: Any) -> bool:
    """MISP writes flags as booleans, as numbers and as texts."""
    return flag is True or str(flag).strip().lower() in {"1", "true"}


file_readers.register(MispEvents())
