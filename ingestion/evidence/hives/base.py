"""What a subject of the registry is: from an open hive to records. Pure.

A subject looks for its own keys in every hive and finds nothing in most: what a hive is, its keys say, and the name of
its file may lie. A new subject is a new file here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ingestion.evidence.artefacts.base import Fields
from ingestion.evidence.hives.reading import Hive, Key, Value
from ingestion.evidence.persistence import unusual
from iocmarket.kernel.registry import Registry

REGISTRY = "windows.registry"


@dataclass(frozen=True)
class Place:
    """An open hive and whose it is."""

    hive: Hive
    path: str
    """Of the file on its machine."""

    @cached_property
    def name(self) -> str:
        """ "SYSTEM", "SOFTWARE", "NTUSER" …, by the keys that only such a hive has; else the name of the file."""
        names = {key.name.lower() for key in self.hive.root.subkeys()}
        for name, needed in _KINDS:
            if needed <= names:
                return name
        return self.path.rpartition("/")[2].partition(".")[0].upper()

    @cached_property
    def user(self) -> str:
        """Whose profile it lies in."""
        folders = self.path.split("/")
        at = next((at for at, name in enumerate(folders) if name.lower() in {"users", "documents and settings"}), None)
        return folders[at + 1] if at is not None and at + 2 < len(folders) else ""

    def key(self, path: str) -> Key | None:
        """The key at that path."""
        return self.hive.key(path)

    @cached_property
    def control(self) -> Key | None:
        """The set of controls that the machine ran with."""
        select = self.key("Select")
        current = select.number("Current") if select else None
        return (self.key(f"ControlSet{current:03}") if current else None) or self.key("ControlSet001")

    def current(self, path: str) -> Key | None:
        """The key at that path below CurrentControlSet."""
        return self.control.key(path) if self.control else None

    def row(self, key: Key, value: Value | None, says: str, **more: Any) -> Fields:
        """A record of one value, or of a key as a whole; `more` are columns with _ for their points."""
        found: Fields = {
            "_key": f"{key.path}|{value.name}" if value else key.path,
            "@timestamp": key.when,
            "timestamp_desc": "key last written",
            "event.dataset": REGISTRY,
            "event.category": ["registry"],
            "event.type": ["info"],
            "user.name": self.user,
            "registry.hive": self.name,
            "registry.key": key.path,
            "message": says,
        }
        if value:
            found |= {
                "registry.value": value.name or "(default)",
                "registry.data.strings": value.strings,
                "registry.data.type": value.type,
            }
        return found | {name.replace("__", "."): given for name, given in more.items()}

    def comeback(self, key: Key, value: Value, what: str, technique: str) -> Fields:
        """A record of something that makes a program come back."""
        command = value.text
        return self.row(
            key,
            value,
            f"{what} {value.name or '(default)'}: {command}" + (f" (of {self.user})" if self.user else ""),
            event__action="persistence",
            event__category=["configuration", "registry"],
            process__command_line=command,
            threat__technique__id=[technique],
            tags=["persistence", "unusual"] if unusual(command) else ["persistence"],
        )

    def state(self, key: Key, value: Value, what: str) -> Fields:
        """A record of what the machine is, rather than of what happened on it."""
        return self.row(key, value, f"{what}: {value.text}", event__kind="state", event__category=["host"])


_KINDS = (
    ("SYSTEM", {"select", "controlset001"}),
    ("SAM", {"sam"}),
    ("SECURITY", {"policy", "rxact"}),
    ("NTUSER", {"software", "environment"}),
    ("NTUSER", {"software", "control panel"}),
    ("AMCACHE", {"root"}),
    ("SOFTWARE", {"microsoft", "classes"}),
)


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing that a registry tells."""

    name: str
    find: Callable[[Place], Iterator[Fields]]
    """Lazily; may raise nothing but what the hive's own reading notes."""


subjects: Registry[Subject] = Registry("ingestion.evidence.hives", templates=frozenset({"base", "reading", "walking"}))
