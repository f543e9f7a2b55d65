"""Services and drivers, with the library that a shared process loads for them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import orjson

from ingestion.evidence.artefacts.base import Fields
from ingestion.evidence.events.base import basename
from ingestion.evidence.hives.base import Place, Subject, subjects
from ingestion.evidence.hives.reading import Key
from ingestion.evidence.persistence import SERVICE, unusual

_STARTS: Final = {0: "boot", 1: "system", 2: "automatic", 3: "on demand", 4: "disabled"}
_KINDS: Final = (
    (0x01, "kernel driver"), (0x02, "file system driver"), (0x08, "recognizer"), (0x10, "own process"),
    (0x20, "shared process"),
)  # fmt: skip
_TOLD: Final = (
    "ImagePath", "Start", "Type", "ObjectName", "DisplayName", "Description", "FailureCommand", "ErrorControl", "Group",
    "DelayedAutostart",
)  # fmt: skip
_PROGRAM = re.compile(r'"([^"]+)"|(.+?\.(?:exe|sys|dll|bat|cmd|ps1|vbs|scr|com))(?=[\s,"]|$)|(\S+)', re.IGNORECASE)


def program(command: str) -> str:
    """The program of a command line: what is quoted, up to the ending of a program, up to the first blank."""
    found = _PROGRAM.match(command.strip())
    return next(filter(None, found.groups()), "") if found else ""


def _services(place: Place) -> Iterator[Fields]:
    services = place.current("Services")
    for key in services.subkeys() if services else ():
        yield _service(place, key)


def _service(place: Place, key: Key) -> Fields:
    told: dict[str, Any] = {}
    for name in _TOLD:
        value = key.values.get(name.lower())
        if value is not None:
            told[name] = value.number if value.number is not None else value.text
    library = _library(key)
    if library:
        told["ServiceDll"] = library
    image = str(told.get("ImagePath", ""))
    start = _STARTS.get(told.get("Start", -1), "no") if isinstance(told.get("Start"), int) else "no"
    runs = library or program(image)
    more: dict[str, Any] = {"event__dataset": "windows.services", "service__name": key.name, "event__kind": "state"}
    if image or library:
        odd = any(unusual(one) for one in (image, library, key.name, str(told.get("FailureCommand", ""))))
        more |= {
            "process__command_line": image,
            "file__path": runs,
            "file__name": basename(runs),
            "registry__data__strings": [one for one in (image, library) if one],
            "threat__technique__id": [SERVICE],
            "tags": ["persistence", "unusual"] if odd else ["persistence"],
        }
    says = f"Service {key.name} ({start} start, {_kind(told.get('Type'))}): {image}"
    says += f", library {library}" if library else ""
    says += f", as {told['ObjectName']}" if told.get("ObjectName") else ""
    return place.row(
        key, None, says, event__category=["configuration"], event__original=orjson.dumps(told).decode(), **more
    )


def _library(key: Key) -> str:
    parameters = key.key("Parameters")
    return (parameters.text("ServiceDll") if parameters else "") or key.text("ServiceDll")


def _kind(bits: Any) -> str:
    if isinstance(bits, int):
        for bit, name in _KINDS:
            if bits & bit:
                return name
    return "of no known type"


subjects.register(Subject("services", _services))
