"""What is loaded into every logon or every program: Winlogon, image options, AppInit, LSA packages, monitors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ingestion.evidence.artefacts.base import Fields
from ingestion.evidence.hives.autostart import ROOTS
from ingestion.evidence.hives.base import Place, Subject, subjects
from ingestion.evidence.hives.reading import Key
from ingestion.evidence.persistence import (
    ACCESSIBILITY,
    ACCESSIBLE,
    APPCERT,
    APPINIT,
    AUTHENTICATION_PACKAGE,
    IMAGE_OPTIONS,
    NETSH_HELPER,
    PASSWORD_FILTER,
    PORT_MONITORS,
    SECURITY_SUPPORT,
    TIME_PROVIDERS,
    WINLOGON,
)

_WINLOGON: Final = ("Shell", "Userinit", "Taskman", "VmApplet", "System", "GinaDLL", "UIHost")
_NT: Final = "Microsoft\\Windows NT\\CurrentVersion\\"
_SILENT_EXIT = 0x200
"""The bit of GlobalFlag that turns the monitoring of silent exits on."""


def _winlogon(place: Place) -> Iterator[Fields]:
    for root in ROOTS:
        key = place.key(f"{root}{_NT}Winlogon")
        yield from _values(place, key, _WINLOGON, "Winlogon", WINLOGON)
        notify = key.key("Notify") if key else None
        for below in notify.subkeys() if notify else ():
            yield from _values(place, below, ("DLLName",), f"Winlogon Notify {below.name}", WINLOGON)


def _values(place: Place, key: Key | None, names: tuple[str, ...], what: str, technique: str) -> Iterator[Fields]:
    for name in names if key else ():
        value = key.values.get(name.lower()) if key else None
        if key and value and value.text:
            yield place.comeback(key, value, what, technique)


def _images(place: Place) -> Iterator[Fields]:
    for root in ROOTS:
        options = place.key(f"{root}{_NT}Image File Execution Options")
        for image in options.subkeys() if options else ():
            found = list(
                _values(place, image, ("Debugger", "VerifierDlls"), f"Image options of {image.name}", IMAGE_OPTIONS)
            )
            if (image.number("GlobalFlag") or 0) & _SILENT_EXIT:
                flag = image.values["globalflag"]
                found.append(place.comeback(image, flag, f"Silent exit of {image.name} is watched:", IMAGE_OPTIONS))
            for one in found:
                if image.name.lower() in ACCESSIBLE:
                    one["threat.technique.id"] = [IMAGE_OPTIONS, ACCESSIBILITY]
                    one["tags"] = ["persistence", "unusual"]
                yield one
        exits = place.key(f"{root}{_NT}SilentProcessExit")
        for image in exits.subkeys() if exits else ():
            yield from _values(place, image, ("MonitorProcess",), f"Silent exit of {image.name}", IMAGE_OPTIONS)


def _everywhere(place: Place) -> Iterator[Fields]:
    for root in ROOTS:
        windows = place.key(f"{root}{_NT}Windows")
        yield from _values(place, windows, ("AppInit_DLLs",), "Loaded into every program", APPINIT)
        helpers = place.key(f"{root}Microsoft\\NetSh")
        for value in helpers.values.values() if helpers else ():
            if helpers:
                yield place.comeback(helpers, value, "Helper of netsh", NETSH_HELPER)
    certified = place.current("Control\\Session Manager\\AppCertDLLs")
    for value in certified.values.values() if certified else ():
        if certified:
            yield place.comeback(certified, value, "Loaded into every program", APPCERT)


def _packages(place: Place) -> Iterator[Fields]:
    lsa = place.current("Control\\Lsa")
    yield from _values(place, lsa, ("Authentication Packages",), "LSA", AUTHENTICATION_PACKAGE)
    yield from _values(place, lsa, ("Security Packages",), "LSA", SECURITY_SUPPORT)
    yield from _values(place, lsa, ("Notification Packages",), "LSA", PASSWORD_FILTER)
    yield from _values(place, lsa.key("OSConfig") if lsa else None, ("Security Packages",), "LSA", SECURITY_SUPPORT)
    for folder, name, what, technique in (
        ("Control\\Print\\Monitors", "Driver", "Print monitor", PORT_MONITORS),
        ("Services\\W32Time\\TimeProviders", "DllName", "Time provider", TIME_PROVIDERS),
    ):
        key = place.current(folder)
        for below in key.subkeys() if key else ():
            yield from _values(place, below, (name,), f"{what} {below.name}", technique)


subjects.register(Subject("winlogon", _winlogon))
subjects.register(Subject("image-options", _images))
subjects.register(Subject("loaded-everywhere", _everywhere))
subjects.register(Subject("lsa-packages", _packages))
