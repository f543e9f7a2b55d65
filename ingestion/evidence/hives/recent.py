"""What a user typed and opened: the lists of the most recent that the desktop keeps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ingestion.evidence.artefacts.base import Fields
from ingestion.evidence.events.base import address
from ingestion.evidence.hives.base import Place, Subject, subjects
from ingestion.evidence.hives.reading import Key, Value
from ingestion.evidence.persistence import unusual

_EXPLORER: Final = "Software\\Microsoft\\Windows\\CurrentVersion\\Explorer\\"
_CLIENT: Final = "Software\\Microsoft\\Terminal Server Client\\"
_LISTS: Final = (
    (_EXPLORER + "RunMRU", "Typed to be run"),
    (_EXPLORER + "TypedPaths", "Typed as a folder"),
    (_EXPLORER + "WordWheelQuery", "Searched for"),
    (_EXPLORER + "RecentDocs", "Opened"),
    (_EXPLORER + "Map Network Drive MRU", "Mapped as a drive"),
    ("Software\\Microsoft\\Internet Explorer\\TypedURLs", "Typed as an address"),
    (_CLIENT + "Default", "Gone to by Remote Desktop"),
)
_ORDERS: Final = frozenset({"mrulist", "mrulistex", "usernamehint"})


def _recent(place: Place) -> Iterator[Fields]:
    for path, what in _LISTS:
        key = place.key(path)
        for value in key.values.values() if key else ():
            text = _text(value)
            if key and text and value.name.lower() not in _ORDERS:
                yield _row(place, key, value, what, text)
    servers = place.key(_CLIENT + "Servers")
    for server in servers.subkeys() if servers else ():
        hint = server.values.get("usernamehint")
        says = f"Gone to by Remote Desktop: {server.name}" + (f" as {hint.text}" if hint else "")
        yield place.row(server, hint, says, event__action="recent", **_destination(server.name))


def _text(value: Value) -> str:
    r"""The text at the front: lists of documents are binary, what is typed to be run ends in `\1`."""
    if value.binary:
        return value.binary.decode("utf-16-le", "replace").partition("\0")[0]
    return value.text.removesuffix("\\1")


def _row(place: Place, key: Key, value: Value, what: str, text: str) -> Fields:
    more = {"tags": ["unusual"]} if unusual(text) else {}
    if what == "Typed as an address":
        more["url__full"] = text  # type: ignore[assignment]
    elif what == "Typed to be run":
        more["process__command_line"] = text  # type: ignore[assignment]
    return place.row(
        key, value, f"{what}: {text}", event__action="recent", registry__data__strings=[text], **more,
        **(_destination(text) if "Remote Desktop" in what else {}),
    )  # fmt: skip


def _destination(name: str) -> dict[str, str]:
    host = name.partition(":")[0]
    found = address(host)
    return {"destination__ip": found} if found else {"url__domain": host}


subjects.register(Subject("recent", _recent))
