"""What starts with the machine or with a logon: Run keys, startup folders, logon scripts and their like."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ingestion.evidence.artefacts.base import Fields
from ingestion.evidence.hives.base import Place, Subject, subjects
from ingestion.evidence.hives.reading import Key
from ingestion.evidence.persistence import ACTIVE_SETUP, LOGON_SCRIPT, RUN_KEYS, SCREENSAVER

ROOTS: Final = ("", "Wow6432Node\\", "Software\\", "Software\\Wow6432Node\\")
"""Where `Microsoft\\…` is found: a machine's SOFTWARE, what 32-bit programs see of it, the same in a user's hive."""
_RUNS: Final = (
    "Run", "RunOnce", "RunOnceEx", "RunServices", "RunServicesOnce", "Policies\\Explorer\\Run",
)  # fmt: skip
_FOLDERS: Final = ("Explorer\\Shell Folders", "Explorer\\User Shell Folders")
_USUAL_FOLDER: Final = "\\start menu\\programs\\startup"
_CURRENT: Final = "Microsoft\\Windows\\CurrentVersion\\"


def _runs(place: Place) -> Iterator[Fields]:
    for root in ROOTS:
        current = place.key(root + _CURRENT.rstrip("\\"))
        if current is None:
            continue
        for run in _RUNS:
            key = current.key(run)
            if key is not None:
                yield from _all(place, key, run.rpartition("\\")[2] if "Policies" not in run else "Run by policy")
        for folder in _FOLDERS:
            for found in _named(place, current.key(folder), ("Startup", "Common Startup"), "Startup folder", RUN_KEYS):
                if not found["process.command_line"].lower().endswith(_USUAL_FOLDER):
                    yield found


def _all(place: Place, key: Key, what: str) -> Iterator[Fields]:
    """Every value of the key and, as RunOnceEx has them, of those right below."""
    for value in key.values.values():
        yield place.comeback(key, value, what, RUN_KEYS)
    for below in key.subkeys():
        for value in below.values.values():
            yield place.comeback(below, value, what, RUN_KEYS)


def _named(place: Place, key: Key | None, names: tuple[str, ...], what: str, technique: str) -> Iterator[Fields]:
    for name in names if key else ():
        value = key.values.get(name.lower()) if key else None
        if key and value and value.text:
            yield place.comeback(key, value, what, technique)


def _others(place: Place) -> Iterator[Fields]:
    for root in ROOTS:
        windows = place.key(f"{root}Microsoft\\Windows NT\\CurrentVersion\\Windows")
        yield from _named(place, windows, ("Load", "Run"), "Windows", RUN_KEYS)
        setup = place.key(f"{root}Microsoft\\Active Setup\\Installed Components")
        for component in setup.subkeys() if setup else ():
            yield from _named(place, component, ("StubPath",), f"Active Setup {component.name}", ACTIVE_SETUP)
    yield from _named(place, place.key("Environment"), ("UserInitMprLogonScript",), "Logon script", LOGON_SCRIPT)
    yield from _named(place, place.key("Control Panel\\Desktop"), ("SCRNSAVE.EXE",), "Screen saver", SCREENSAVER)
    manager = place.current("Control\\Session Manager")
    yield from _named(place, manager, ("BootExecute", "SetupExecute"), "Session Manager", RUN_KEYS)


subjects.register(Subject("run-keys", _runs))
subjects.register(Subject("starts-with-windows", _others))
