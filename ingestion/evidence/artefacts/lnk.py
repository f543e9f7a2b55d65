"""Shortcuts (.lnk): what was opened, or what somebody was lured to start."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, Final

from LnkParse3.lnk_file import LnkFile

from ingestion.evidence.artefacts.base import Artefact, Fault, Fields, Parser, Summary, parsers
from ingestion.evidence.containers.base import Item
from ingestion.evidence.events.base import basename
from ingestion.evidence.persistence import unusual
from ingestion.evidence.places import machine_path
from ingestion.evidence.records import instant

_MAGIC: Final = bytes.fromhex("4c0000000114020000000000c000000000000046")
_HEAD_BYTES: Final = 76
_READ_MAX: Final = 4 * 2**20
"""Bytes; a link has a few kibibytes, what is appended to it is not its own."""
_STARTUP = re.compile(r"/Start Menu/Programs/Startup/[^/]+$", re.IGNORECASE)
_SHORTCUT = "T1547.009"
_SAYS: Final = {"write_time": "target modified", "creation_time": "target created", "access_time": "target accessed"}


class Link(Parser):
    """One record for each shortcut."""

    name: ClassVar[str] = "lnk"
    version: ClassVar[str] = "1"
    datasets: ClassVar[tuple[str, ...]] = ("windows.lnk",)
    library: ClassVar[str] = "LnkParse3"

    def wants(self, item: Item, head: bytes) -> bool:
        """By its head; by its name where that is damaged."""
        return head.startswith(_MAGIC) or (item.path.lower().endswith(".lnk") and bool(head))

    def parse(self, artefact: Artefact) -> Iterator[Fields | Fault | Summary]:
        """Where it leads, with what, and the dates that its target had."""
        with artefact.item.file.open("rb") as file:
            content = file.read(_READ_MAX)
        if not content.startswith(_MAGIC):
            yield Fault("head", "it is no shortcut")
            return
        if len(content) < _HEAD_BYTES:
            yield Fault("head", "it was cut off")
            return
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                link = LnkFile(indata=content)
            except Exception as error:  # noqa: BLE001 (whatever the library raises)
                yield Fault("file", f"it cannot be read: {type(error).__name__}")
                return
            parts: dict[str, Any] = {}
            for name, read in _parts(link):
                try:
                    parts[name] = read()
                except Exception as error:  # noqa: BLE001 (the other parts may be good)
                    yield Fault(name, f"it cannot be read: {type(error).__name__}")
        yield _fields(artefact, parts)


def _parts(link: LnkFile) -> list[tuple[str, Callable[[], Any]]]:
    return [
        ("header", lambda: {name: getattr(link.header, name)() for name in (*_SAYS, "file_size", "window_style")}),
        ("target", lambda: link.targets.as_list() if link.has_target_id_list() else []),
        ("link_info", lambda: _info(link)),
        ("data", link.string_data.as_dict),
        ("extra", link.extras.as_dict),
    ]


def _info(link: LnkFile) -> dict[str, Any]:
    if not link.has_link_info() or link.force_no_link_info() or not link.info:
        return {}
    return {name: getattr(link.info, name)() for name in ("local_base_path", "common_path_suffix", "net_name")
            if hasattr(link.info, name)}  # fmt: skip


def _fields(artefact: Artefact, parts: dict[str, Any]) -> Fields:
    data, head = parts.get("data") or {}, parts.get("header") or {}
    target, arguments = _target(parts), str(data.get("command_line_arguments") or "")
    line = f"{target} {arguments}".strip()
    startup = _STARTUP.search("/" + artefact.item.path) is not None
    date, when = next(((name, head[name]) for name in _SAYS if head.get(name)), ("", None))
    try:
        when = instant(when) if when else None
    except (ValueError, TypeError, OverflowError, AttributeError):
        when = None
    size = head.get("file_size")
    return {
        "_key": "link",
        "@timestamp": when,
        "timestamp_desc": _SAYS[date] if when else "",
        "event.kind": "event" if when else "state",
        "event.category": ["file"],
        "event.type": ["info"],
        "event.action": "persistence" if startup else "link",
        "event.original": json.dumps(parts, default=str),
        "file.path": target,
        "file.name": basename(target) if target else "",
        "file.size": size if isinstance(size, int) and size else None,
        "process.command_line": line if arguments else "",
        "threat.technique.id": [_SHORTCUT] if startup else [],
        "tags": ["persistence"] * startup + ["unusual"] * unusual(line),
        "message": f"Link {machine_path(artefact.item)} to {line or 'nothing'}",
    }


def _target(parts: dict[str, Any]) -> str:
    """Where it leads: the path in its link info, else what its shell items spell, else what is relative or expanded."""
    info = parts.get("link_info") or {}
    base = info.get("local_base_path") or info.get("net_name")
    if base:
        return str(base) + ("\\" if info.get("net_name") == base else "") + str(info.get("common_path_suffix") or "")
    items = parts.get("target") or []
    names = [str(item.get("volume_name") or item.get("primary_name") or "") for item in items if isinstance(item, dict)]
    spelt = "\\".join(name.rstrip("\\") for name in names if name)
    block = (parts.get("extra") or {}).get("ENVIRONMENTAL_VARIABLES_LOCATION_BLOCK") or {}
    data = parts.get("data") or {}
    return spelt or str(block.get("target_unicode") or block.get("target_ansi") or data.get("relative_path") or "")


parsers.register(Link())
