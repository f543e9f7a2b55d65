"""The cache of application compatibility: which files Windows looked at to run them, and when each was last changed.

An entry is no proof that a file ran, nor its date of when. Sources of the formats: Mandiant, "Leveraging the
Application Compatibility Cache", and E. Zimmerman's notes on Windows 8 to 11.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

from ingestion.evidence.artefacts.base import Fault, Fields
from ingestion.evidence.events.base import basename
from ingestion.evidence.hives.base import Place, Subject, subjects
from ingestion.evidence.moments import filetime
from ingestion.evidence.persistence import unusual

_ENTRIES_MAX: Final = 20_000
_SEVEN: Final = 0xBADC0FEE
_EIGHT_HEAD: Final = 128
_TEN_HEADS: Final = frozenset({0x30, 0x34})
_PATH_MAX: Final = 4096

Entry = tuple[str, int]
"""The path, and when the file was last changed as a FILETIME."""


def entries(data: bytes) -> Iterator[Entry]:
    """The entries, the one put in last first. Raises ValueError for a format that is not known, struct.error."""
    if len(data) < 4:
        return
    (head,) = struct.unpack_from("<I", data)
    if head == _SEVEN:
        yield from _seven(data)
    elif head == _EIGHT_HEAD and data[_EIGHT_HEAD : _EIGHT_HEAD + 4] in {b"00ts", b"10ts"}:
        yield from _listed(data, _EIGHT_HEAD, packages=True)
    elif head in _TEN_HEADS and data[head : head + 4] == b"10ts":
        yield from _listed(data, head, packages=False)
    else:
        raise ValueError(f"its format {head:#010x} is not known")


def _seven(data: bytes) -> Iterator[Entry]:
    """Windows 7: a table that points to the paths; 64-bit ones have eight bytes for a pointer."""
    (count,) = struct.unpack_from("<I", data, 4)
    wide = len(data) >= 136 and struct.unpack_from("<I", data, 132)[0] == 0
    size, form = (48, "<HHIQQ") if wide else (32, "<HHIQ")
    for at in range(min(count, _ENTRIES_MAX)):
        place = 128 + at * size
        found = struct.unpack_from(form, data, place)
        length, offset, changed = found[0], found[-2], found[-1]
        yield data[offset : offset + length].decode("utf-16-le", "replace"), changed


def _listed(data: bytes, at: int, *, packages: bool) -> Iterator[Entry]:
    """Windows 8 to 11: one after another, each with its size; 8 and 8.1 name a package and flags between."""
    for _ in range(_ENTRIES_MAX):
        if data[at : at + 4] not in {b"00ts", b"10ts"}:
            return
        size, length = struct.unpack_from("<IH", data, at + 8)
        here = at + 14 + min(length, _PATH_MAX)
        path = data[at + 14 : here].decode("utf-16-le", "replace")
        if packages:
            here += 2 + struct.unpack_from("<H", data, here)[0] + 8
        yield path, struct.unpack_from("<Q", data, here)[0]
        at += 12 + size


def _find(place: Place) -> Iterator[Fields]:
    for at in range(1, 4):
        key = place.key(f"ControlSet{at:03}\\Control\\Session Manager\\AppCompatCache")
        value = key.values.get("appcompatcache") if key else None
        if not key or not value or not value.binary:
            continue
        try:
            for number, (entry, changed) in enumerate(entries(value.binary)):
                path = entry.removeprefix("\\??\\")
                yield place.row(
                    key,
                    None,
                    f"Looked at to be run: {path}",
                    _key=f"{key.path}|{number}",
                    timestamp_desc="file last changed",
                    event__dataset="windows.shimcache",
                    event__category=["file"],
                    event__kind="event" if changed else "state",
                    file__path=path,
                    file__name=basename(path) if path else "",
                    tags=["unusual"] if unusual(path) else [],
                ) | {"@timestamp": filetime(changed)}
        except (ValueError, struct.error) as error:
            place.hive.faults.append(Fault(key.path, f"the cache cannot be read on: {error}"))


subjects.register(Subject("shimcache", _find))
