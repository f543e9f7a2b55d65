"""What the machine is: its name, its Windows, its clock, its accounts. Records of state."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ingestion.evidence.artefacts.base import Fields
from ingestion.evidence.hives.base import Place, Subject, subjects
from ingestion.evidence.hives.reading import Key
from ingestion.evidence.moments import filetime

_NAMED: Final = (
    ("Control\\ComputerName\\ComputerName", ("ComputerName",), "Computer name"),
    ("Services\\Tcpip\\Parameters", ("Hostname", "NV Hostname", "Domain", "NV Domain"), "Network name"),
    ("Control\\TimeZoneInformation", ("TimeZoneKeyName", "StandardName", "Bias", "ActiveTimeBias"), "Time zone"),
    ("Control\\Lsa", ("RunAsPPL", "LimitBlankPasswordUse", "DisableRestrictedAdmin"), "LSA setting"),
    ("Control\\SecurityProviders\\WDigest", ("UseLogonCredential",), "WDigest keeps passwords"),
    ("Control\\Terminal Server", ("fDenyTSConnections",), "Remote Desktop denied"),
)
_WINDOWS: Final = (
    "ProductName", "DisplayVersion", "ReleaseId", "CurrentVersion", "CurrentBuild", "UBR", "InstallDate",
    "RegisteredOwner", "RegisteredOrganization", "SystemRoot",
)  # fmt: skip


def _machine(place: Place) -> Iterator[Fields]:
    for path, names, what in _NAMED:
        yield from _states(place, place.current(path), names, what)
    yield from _shutdown(place)
    windows = place.key("Microsoft\\Windows NT\\CurrentVersion")
    yield from _states(place, windows, _WINDOWS, "Windows")


def _shutdown(place: Place) -> Iterator[Fields]:
    key = place.current("Control\\Windows")
    value = key.values.get("shutdowntime") if key else None
    when = filetime(int.from_bytes(value.binary[:8], "little")) if value else None
    if key and value and when:
        found = place.row(
            key, value, f"Windows was shut down at {when:%Y-%m-%d %H:%M:%S} UTC", event__category=["host"]
        )
        yield found | {"@timestamp": when, "timestamp_desc": "last shutdown", "event.action": "stopped-system"}


def _states(place: Place, key: Key | None, names: tuple[str, ...], what: str) -> Iterator[Fields]:
    for name in names if key else ():
        value = key.values.get(name.lower()) if key else None
        if key and value and value.text:
            yield place.state(key, value, f"{what}, {value.name}")


def _profiles(place: Place) -> Iterator[Fields]:
    profiles = place.key("Microsoft\\Windows NT\\CurrentVersion\\ProfileList")
    for key in profiles.subkeys() if profiles else ():
        value = key.values.get("profileimagepath")
        if value:
            found = place.state(key, value, f"Profile of {key.name}")
            yield found | {"user.id": key.name, "user.name": value.text.rpartition("\\")[2]}


def _accounts(place: Place) -> Iterator[Fields]:
    names = place.key("SAM\\Domains\\Account\\Users\\Names")
    for key in names.subkeys() if names else ():
        yield place.row(
            key, None, f"Local account {key.name}", event__kind="state", event__category=["iam"], user__name=key.name
        )


subjects.register(Subject("machine", _machine))
subjects.register(Subject("profiles", _profiles))
subjects.register(Subject("accounts", _accounts))
