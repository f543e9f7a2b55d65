"""From MISP's JSON to a sending, by the reader of MISP files: what is posted is read as what is uploaded. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from itertools import islice
from typing import Any
from uuid import UUID, uuid4

import orjson

from ingestion.readers.files import FileContext, Told, file_readers
from ingestion.readers.misp import MEDIA_TYPE
from ingestion.readers.telling import dict_of, dicts_of
from ingestion.submissions.choices import Choices
from ingestion.submissions.drafts import ReportDraft, Sending
from ingestion.submissions.receiving import of_file
from iocmarket.api.spool import Body
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.marking import Marking

TOGETHER = 250
"""Attributes of one submission: an attribute has two values at most, and five hundred items are answered at once."""
ATTRIBUTES_MAX = 10_000
_FRAME = ("info", "Tag", "Orgc", "distribution", "SharingGroup", "EventReport")
"""What of an event holds for its attributes."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One attribute as it was sent, with the object that it is a part of."""

    place: str
    """Where it stands: its number in the list of attributes, or `object.attribute`."""
    fields: Mapping[str, Any]
    uuid: UUID
    object_uuid: UUID | None = None


def pieces_of(event: Mapping[str, Any]) -> list[Piece]:
    """Every attribute of an event: its own, then those of its objects. Raises Refusal: `bad_uuid`, `too_many_items`."""
    found = [piece_of(fields, str(place)) for place, fields in enumerate(dicts_of(event.get("Attribute")))]
    for number, thing in enumerate(dicts_of(event.get("Object"))):
        found += pieces_of_object(thing, f"{number}.")
    if len(found) > ATTRIBUTES_MAX:
        raise Refusal("too_many_items", f"{len(found)} attributes; at most {ATTRIBUTES_MAX} at once")
    return found


def pieces_of_object(thing: Mapping[str, Any], before: str = "") -> list[Piece]:
    """The attributes of an object. Raises Refusal(`bad_uuid`)."""
    number = uuid_in(thing)
    around = {name: value for name, value in thing.items() if name != "Attribute"}
    return [
        replace(piece_of({**fields, "Object": around}, f"{before}{place}"), object_uuid=number)
        for place, fields in enumerate(dicts_of(thing.get("Attribute")))
    ]


def piece_of(fields: Mapping[str, Any], place: str = "0") -> Piece:
    """One attribute; one that names no uuid is given one. Raises Refusal(`bad_uuid`)."""
    return Piece(place, fields, uuid_in(fields))


def uuid_in(fields: Mapping[str, Any]) -> UUID:
    """The uuid that a client gave, or a new one. Raises Refusal(`bad_uuid`)."""
    given = fields.get("uuid")
    if given in (None, ""):
        return uuid4()
    try:
        return UUID(str(given))
    except ValueError as error:
        raise Refusal("bad_uuid", f"{str(given)[:60]!r} is no UUID (RFC 9562)", where="uuid") from error


def in_turns(pieces: Sequence[Piece]) -> Iterator[list[Piece]]:
    """So many as one submission takes, in their order; one turn without any where there are none."""
    waiting = iter(pieces)
    yield list(islice(waiting, TOGETHER))
    while some := list(islice(waiting, TOGETHER)):
        yield some


def sending_of(
    frame: Mapping[str, Any],
    pieces: Sequence[Piece],
    choices: Choices,
    *,
    report: ReportDraft | None = None,
    sender: Callable[[], str],
) -> Sending:
    """A submission of these attributes in their event; the `line` of each draft is the number of its piece, from 1.

    `report` stands in the place of the event's own story. Raises Refusal and Problem as the reader does.
    """
    event = {name: frame[name] for name in _FRAME if name in frame}
    said = orjson.dumps({"Event": {**event, "Attribute": [dict(piece.fields) for piece in pieces]}})
    body = Body(MEDIA_TYPE, "", len(said), b"", BytesIO(said))
    found = of_file(file_readers["misp"], body, choices, {}, sender=sender)
    if not isinstance(found, Sending):
        raise TypeError("a turn has fewer items than a submission that is answered at once")
    return found if report is None else replace(found, report=report)


def event_in(document: Any) -> Mapping[str, Any]:
    """The event in a body, wrapped or not. Raises Refusal(`not_an_event`)."""
    return _wrapped(document, "Event")


def attributes_in(document: Any) -> tuple[list[Mapping[str, Any]], bool]:
    """The attributes in a body, and whether they came as a list. Raises Refusal(`not_an_event`)."""
    if isinstance(document, dict) and isinstance(document.get("Attribute"), list):
        document = document["Attribute"]
    if isinstance(document, list):
        return [_wrapped(item, "Attribute") for item in document], True
    return [_wrapped(document, "Attribute")], False


def object_in(document: Any) -> Mapping[str, Any]:
    """The object in a body, wrapped or not. Raises Refusal(`not_an_event`)."""
    return _wrapped(document, "Object")


def _wrapped(document: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(document, dict):
        raise Refusal("not_an_event", f"the body is MISP's JSON of {name}", where=name)
    inner = document.get(name)
    found = inner if isinstance(inner, dict) else document
    return dict_of(found)


def told_of(frame: Mapping[str, Any], piece: Piece, choices: Choices, *, sender: Callable[[], str]) -> list[Told]:
    """What one attribute says in its event, value by value, in the words of the API; nothing when it is none here."""
    event = {name: frame[name] for name in _FRAME if name in frame}
    said = orjson.dumps({"Event": {**event, "Attribute": [dict(piece.fields)]}})
    context = FileContext(sender=sender(), default=Marking(choices.tlp, choices.pap), moment=clock.now())
    opened = file_readers["misp"].opened(Body(MEDIA_TYPE, "", len(said), b"", BytesIO(said)), context)
    return [item for item in opened.items if isinstance(item, Told)]
