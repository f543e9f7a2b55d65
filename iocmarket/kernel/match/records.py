"""The keys of one record with the columns of the Elastic Common Schema (flat, dotted keys)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from iocmarket.kernel.match.keys import Key
from iocmarket.kernel.match.paths import filename, path
from iocmarket.kernel.match.text import address, in_text, name, url

Found = tuple[str, Key]
"""The column, and what stands in it."""
VALUE_MAX: Final = 4096
"""Characters of a value that is compared as a whole."""
_HIVES: Final = {
    "software": "hkey_local_machine\\software", "system": "hkey_local_machine\\system",
    "sam": "hkey_local_machine\\sam", "security": "hkey_local_machine\\security",
    "ntuser.dat": "hkey_current_user", "ntuser": "hkey_current_user",
    "usrclass.dat": "hkey_current_user\\software\\classes", "usrclass": "hkey_current_user\\software\\classes",
    "hklm": "hkey_local_machine", "hkcu": "hkey_current_user", "hku": "hkey_users", "hkcr": "hkey_classes_root",
}  # fmt: skip
_ROOTS: Final = {
    "hklm": "hkey_local_machine", "hkcu": "hkey_current_user", "hku": "hkey_users", "hkcr": "hkey_classes_root",
}  # fmt: skip

_CONTROL_SET = re.compile(r"\\controlset[0-9]{3}\\")
"""Of a hive at rest; while a machine runs, one of them is the current one, and that is what is written of."""


def _digest(kind: str) -> Callable[[str], Iterator[Key]]:
    def read(text: str) -> Iterator[Key]:
        yield Key(kind, text.strip().lower())

    return read


def _whole(kind: str) -> Callable[[str], Iterator[Key]]:
    def read(text: str) -> Iterator[Key]:
        if 1 < len(text) <= VALUE_MAX:
            yield Key(kind, text.strip().lower())

    return read


def _command(text: str) -> Iterator[Key]:
    yield from _whole("command-line")(text)
    yield from in_text(text)


def _data(text: str) -> Iterator[Key]:
    """Of an event, which is JSON: each text in it by itself, as it was before it was escaped."""
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        yield from in_text(text)
        return
    waiting = [said]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield from in_text(one)
        elif isinstance(one, dict):
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)


_FIELDS: Final[dict[str, Callable[[str], Iterable[Key]]]] = {
    "file.hash.md5": _digest("md5"),
    "file.hash.sha1": _digest("sha1"),
    "file.hash.sha256": _digest("sha256"),
    "process.hash.sha256": _digest("sha256"),
    "dns.question.name": name,
    "url.domain": name,
    "url.full": url,
    "process.executable": path,
    "file.path": path,
    "file.name": filename,
    "process.name": filename,
    "process.parent.name": filename,
    "service.name": _whole("service-name"),
    "process.command_line": _command,
    "winlog.event_data": _data,
    "message": in_text,
}
"""How each column is read: fields before running text, so that a key is told of the column that states it."""


def in_record(record: Mapping[str, Any]) -> dict[Key, str]:
    """What the record holds, each key once, and the column that tells it first."""
    found: dict[Key, str] = {}
    for column, key in _read(record):
        found.setdefault(key, column)
    return found


def _read(record: Mapping[str, Any]) -> Iterator[Found]:
    for end in ("source", "destination"):
        if text := record.get(f"{end}.ip"):
            yield from ((f"{end}.ip", key) for key in address(str(text), record.get(f"{end}.port")))
    if record.get("registry.key"):
        yield from _registry(record)
    for column, read in _FIELDS.items():
        if (text := record.get(column)) and isinstance(text, str):
            yield from ((column, key) for key in read(text))


def _registry(record: Mapping[str, Any]) -> Iterator[Found]:
    """The key with its hive spelt out, with its value as its last part, and with each datum."""
    key = _spelt_out(str(record.get("registry.hive") or ""), str(record["registry.key"]).lower())
    value = str(record.get("registry.value") or "").lower()
    keys = dict.fromkeys((key, _CONTROL_SET.sub("\\\\currentcontrolset\\\\", key, count=1)))
    places = [place for one in keys for place in ((one, f"{one}\\{value}") if value else (one,))]
    yield from (("registry.key", Key("regkey", place)) for place in places if len(place) <= VALUE_MAX)
    strings = record.get("registry.data.strings") or ()
    for text in strings if isinstance(strings, list) else ():
        yield from (("registry.data.strings", found) for found in in_text(text))
        for place in places:
            if len(both := f"{place}|{text.strip().lower()}") <= VALUE_MAX:
                yield "registry.data.strings", Key("regvalue", both)


def _spelt_out(hive: str, key: str) -> str:
    first, bar, rest = key.strip("\\").partition("\\")
    if first.startswith("hkey_"):
        return key.strip("\\")
    if first in _ROOTS:
        return _ROOTS[first] + bar + rest
    root = _HIVES.get(hive.lower().rpartition("\\")[2].rpartition("/")[2], hive.lower())
    return f"{root}\\{key.strip(chr(92))}" if root else key.strip("\\")
