"""Programs that a user ran: UserAssist of the desktop, and the moderator of background activity (BAM)."""

from __future__ import annotations

import codecs
import struct
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from ingestion.evidence.artefacts.base import Fields
from ingestion.evidence.events.base import basename
from ingestion.evidence.hives.base import Place, Subject, subjects
from ingestion.evidence.hives.reading import Key, Value
from ingestion.evidence.moments import filetime
from ingestion.evidence.persistence import unusual

_ASSIST: Final = "Software\\Microsoft\\Windows\\CurrentVersion\\Explorer\\UserAssist"
_FOLDERS: Final = {
    "{1AC14E77-02E7-4E5D-B744-2EB1AE5198B7}": "C:\\Windows\\System32",
    "{D65231B0-B2F1-4857-A4CE-A8E7C6EA7D27}": "C:\\Windows\\SysWOW64",
    "{F38BF404-1D43-42F2-9305-67DE0B28FC23}": "C:\\Windows",
    "{6D809377-6AF0-444B-8957-A3773F02200E}": "C:\\Program Files",
    "{7C5A40EF-A0FB-4BFC-874A-C0F2E0B9FA8E}": "C:\\Program Files (x86)",
}
"""Known folders at the front of a name, where most machines have them ([MS-SHLLINK]; KNOWNFOLDERID)."""
_SETTINGS: Final = ("Services\\bam\\State\\UserSettings", "Services\\bam\\UserSettings")


def _assist(place: Place) -> Iterator[Fields]:
    groups = place.key(_ASSIST)
    for group in groups.subkeys() if groups else ():
        counts = group.key("Count")
        for value in counts.values.values() if counts else ():
            read = _counted(value.binary)
            if counts and read:
                count, when = read
                path = codecs.decode(value.name, "rot13")
                folder, _, rest = path.partition("\\")
                path = f"{_FOLDERS[folder]}\\{rest}" if folder in _FOLDERS else path
                yield _run(place, counts, value, path, when, f"{count} times", user__name=place.user)


def _counted(data: bytes) -> tuple[int, datetime | None] | None:
    """How often and when last: 72 bytes since Windows 7; 16 before, and those begin to count at 5."""
    if len(data) >= 68:
        count, when = struct.unpack_from("<I", data, 4)[0], struct.unpack_from("<Q", data, 60)[0]
    elif len(data) == 16:
        count, when = struct.unpack_from("<IQ", data, 4)
        count = max(count - 5, 0)
    else:
        return None
    return count, filetime(when)


def _bam(place: Place) -> Iterator[Fields]:
    for path in _SETTINGS:
        users = place.current(path)
        for user in users.subkeys() if users else ():
            for value in user.values.values():
                if len(value.binary) >= 8 and "\\" in value.name:
                    when = filetime(struct.unpack_from("<Q", value.binary)[0])
                    yield _run(place, user, value, value.name, when, f"by {user.name}", user__id=user.name)


def _run(place: Place, key: Key, value: Value, path: str, when: datetime | None, how: str, **more: Any) -> Fields:
    found = place.row(
        key,
        value,
        f"Program run {how}: {path}",
        event__action="program-run",
        event__category=["process"],
        event__kind="event" if when else "state",
        process__executable=path,
        process__name=basename(path),
        tags=["unusual"] if unusual(path) else [],
        registry__data__strings=[path],
        **more,
    )
    return found | {"@timestamp": when, "timestamp_desc": "program last run"}


subjects.register(Subject("userassist", _assist))
subjects.register(Subject("background-activity", _bam))
