"""Windows' event logs (.evtx), through the Rust library evtx.

The library is fast and goes on after a bad record, but it is silent of two things: a chunk in which the chain of
records breaks, and a last chunk that was cut off. So the heads of the chunks are read here as well; where fewer records
came than a chunk promises, the rest of it is mended as far as it goes and what stays lost is told.

A log is what its records say: neither the name of the file nor the channel in it decides anything. Source of the
format: Microsoft, [MS-EVEN6] 2.2 and J. Metz, "Windows XML Event Log (EVTX) format".
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any, ClassVar, Final

import orjson

from ingestion.evidence.artefacts.base import Artefact, Fault, Fields, Parser, Summary, parsers
from ingestion.evidence.containers.base import Item
from ingestion.evidence.events.base import Data, meanings, number, said, text
from ingestion.evidence.evtx_chunks import RawRecord, Reading
from ingestion.evidence.records import instant

_SHOWN = 8
"""Data in the message of an event that nobody described."""
_FAULTS_MAX = 200
"""A file of nothing but bad records fills no disk with what it says of them."""
_EVENT_DATA: Final = ',"EventData":'
"""It cannot stand within a text, whose quotation marks have a backslash before them."""
_INSTANT_LENGTH: Final = len("0000-00-00T00:00:00.000000Z")


class Evtx(Parser):
    """One record for each event."""

    name: ClassVar[str] = "evtx"
    version: ClassVar[str] = "1"
    datasets: ClassVar[tuple[str, ...]] = ("windows.evtx",)
    library: ClassVar[str] = "evtx"

    def wants(self, item: Item, head: bytes) -> bool:
        """By the head of the file, by the chunk behind a head that is damaged, or by its name."""
        return head.startswith(b"ElfFile\0") or item.path.lower().endswith(".evtx")

    def parse(self, artefact: Artefact) -> Iterator[Fields | Fault | Summary]:
        """The events, in the order of the file; what could not be read comes last."""
        known = meanings()
        events = faults = 0
        counts: dict[int, int] = {}
        last = -1
        for raw in Reading(artefact.item.file):
            if isinstance(raw, Fault):
                faults += 1
                if faults <= _FAULTS_MAX:
                    yield raw
                continue
            try:
                found = described(raw, known)
            except (ValueError, TypeError, AttributeError, KeyError) as error:
                yield Fault(f"record {raw['event_record_id']}", f"it has not the shape of an event: {error}")
                continue
            events += 1
            number_ = raw["event_record_id"]
            found["_key"] = number_ if number_ > last else f"{number_}/{events}"
            last = max(last, number_)
            code = found.get("winlog.event_id", -1)
            counts[code] = counts.get(code, 0) + 1
            yield found
        if faults > _FAULTS_MAX:
            yield Fault("file", f"{faults - _FAULTS_MAX} more bad spots are not listed")
        yield Summary({"events": events, "by_event_id": {str(code): count for code, count in sorted(counts.items())}})


def described(raw: RawRecord, known: dict[tuple[str, int], Any]) -> Fields:
    """One event. Raises ValueError, TypeError, AttributeError or KeyError for what has not the shape of one."""
    written = raw["data"]
    event = orjson.loads(written)["Event"]
    system = event["System"]
    code = system["EventID"]
    if code.__class__ is dict:
        code = code.get("#text")
    if code.__class__ is not int:
        code = number(text(code))
    source = _attribute(system.get("Provider"), "Name")
    data = event.get("EventData")
    if data is None:
        data = _user_data(event.get("UserData"))
    found: Fields = {"@timestamp": _when(system, raw), "timestamp_desc": "event logged", "event.provider": source}
    if code is not None:
        found["event.code"] = str(code)
        found["winlog.event_id"] = code
    channel = system.get("Channel")
    if channel.__class__ is str:
        found["winlog.channel"] = channel
    found["winlog.record_id"] = _identity(system.get("EventRecordID"), raw)
    found["winlog.provider_name"] = source
    computer = system.get("Computer")
    if computer.__class__ is str:
        found["winlog.computer_name"] = computer
    if data:
        found["winlog.event_data"] = _as_written(written, event) or orjson.dumps(data).decode()
    meaning = known.get((source.lower(), code))
    if meaning is None:
        found["message"] = f"{source or 'An unnamed provider'} {code}: {_shown(data)}"
    else:
        meaning.apply(data if data.__class__ is dict else {}, found)
    security = system.get("Security")
    if security is not None and "user.id" not in found:
        found["user.id"] = _attribute(security, "UserID")
    return found


def _identity(said_: Any, raw: RawRecord) -> int | None:
    """The number that the event itself says, else that of its record."""
    read = number(said_)
    return read if read is not None else number(raw["event_record_id"])


def _as_written(written: str, event: dict[str, Any]) -> str:
    """The text of EventData, where nothing comes after it: cutting it out is far cheaper than writing it anew."""
    at = written.find(_EVENT_DATA)
    return written[at + len(_EVENT_DATA) : -2] if at > 0 and next(reversed(event)) == "EventData" else ""


def _when(system: dict[str, Any], raw: RawRecord) -> str:
    """When it happened; failing that, when it was written, which the library tells as "…Z UTC"."""
    created = _attribute(system.get("TimeCreated"), "SystemTime")
    if len(created) == _INSTANT_LENGTH and created[-1] == "Z":
        return created
    try:
        return instant(created)
    except ValueError:
        return instant(raw["timestamp"].removesuffix(" UTC"))


def _attribute(part: Any, name: str) -> str:
    """An attribute of an element, which is null where the record was damaged."""
    try:
        value = part["#attributes"][name]
    except (TypeError, KeyError):
        return ""
    return value if value.__class__ is str else ""


def _user_data(part: Any) -> Data | None:
    """The one element that stands within UserData, without what belongs to XML."""
    if part.__class__ is not dict:
        return None
    inner = next((value for value in part.values() if value.__class__ is dict), None) or {}
    return {name: value for name, value in inner.items() if name != "#attributes"}


def _shown(data: Any) -> str:
    if data.__class__ is not dict:
        return said(data)
    shown = [f"{name}={said(value)}" for name, value in islice(data.items(), _SHOWN) if name != "#attributes"]
    return ", ".join(shown)


parsers.register(Evtx())
