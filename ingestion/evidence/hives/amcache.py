"""Amcache: programs and drivers that were on the machine, with the SHA-1 of their first 31 MiB."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import orjson

from ingestion.evidence.artefacts.base import Fields
from ingestion.evidence.events.base import basename
from ingestion.evidence.hives.base import Place, Subject, subjects
from ingestion.evidence.hives.reading import Key
from ingestion.evidence.moments import filetime
from ingestion.evidence.persistence import unusual

_SHA1 = re.compile(r"0000([0-9a-fA-F]{40})")
_FOLDERS: Final = (
    ("InventoryApplicationFile", "FileId", "LowerCaseLongPath"),
    ("InventoryDriverBinary", "DriverId", ""),
)
_OLD_PATH, _OLD_SHA1, _OLD_SIZE, _OLD_CHANGED = "15", "101", "6", "11"
"""Names of values in Amcache as it was up to Windows 10 of 2017."""


def _files(place: Place) -> Iterator[Fields]:
    for folder, identity, path in _FOLDERS:
        inventory = place.key(f"Root\\{folder}")
        for key in inventory.subkeys() if inventory else ():
            yield _row(place, key, key.text(path) if path else key.name, key.text(identity), _size(key.text("Size")))


def _old(place: Place) -> Iterator[Fields]:
    volumes = place.key("Root\\File")
    for volume in volumes.subkeys() if volumes else ():
        for key in volume.subkeys():
            found = _row(place, key, key.text(_OLD_PATH), key.text(_OLD_SHA1), key.number(_OLD_SIZE))
            changed = filetime(key.number(_OLD_CHANGED) or 0)
            if changed:
                found |= {"@timestamp": changed, "timestamp_desc": "file last changed"}
            yield found


def _row(place: Place, key: Key, path: str, identity: str, size: int | None) -> Fields:
    digest = _SHA1.fullmatch(identity)
    told = {value.name: value.text for value in key.values.values() if value.text}
    maker = " ".join(filter(None, (key.text("Publisher") or key.text("DriverCompany"), key.text("ProductName"))))
    return place.row(
        key,
        None,
        f"Present: {path or key.name}" + (f" ({maker})" if maker else ""),
        event__dataset="windows.amcache",
        event__category=["file"],
        event__original=orjson.dumps(told).decode("utf-8", "replace"),
        file__path=path,
        file__name=key.text("Name") or (basename(path) if path else ""),
        file__size=size,
        file__hash__sha1=digest[1].lower() if digest else "",
        tags=["unusual"] if unusual(path) else [],
    )


def _size(text: str) -> int | None:
    try:
        return int(text, 16 if text.startswith("0x") else 10)
    except ValueError:
        return None


def _programs(place: Place) -> Iterator[Fields]:
    inventory = place.key("Root\\InventoryApplication")
    for key in inventory.subkeys() if inventory else ():
        told = {value.name: value.text for value in key.values.values() if value.text}
        says = f"Installed: {key.text('Name')} {key.text('Version')} of {key.text('Publisher') or 'nobody named'}"
        yield place.row(
            key,
            None,
            says,
            event__dataset="windows.amcache",
            event__category=["package"],
            event__original=orjson.dumps(told).decode("utf-8", "replace"),
            file__path=key.text("RootDirPath"),
        )


subjects.register(Subject("amcache-files", _files))
subjects.register(Subject("amcache-files-old", _old))
subjects.register(Subject("amcache-programs", _programs))
