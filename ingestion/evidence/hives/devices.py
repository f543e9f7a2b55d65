"""What was plugged in and what the machine was connected to: USB storage, networks, addresses."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from ingestion.evidence.artefacts.base import Fields
from ingestion.evidence.events.base import address
from ingestion.evidence.hives.base import Place, Subject, subjects
from ingestion.evidence.hives.reading import Key
from ingestion.evidence.moments import filetime

_DATES: Final = (("0064", "device installed"), ("0066", "device last plugged in"), ("0067", "device last pulled out"))
"""Properties of a device, those of {83da6326-…}, as Windows 8 and later keep them."""
_PROPERTIES: Final = "Properties\\{83da6326-97a6-4088-9453-a1923f573b29}"
_PROFILES: Final = "Microsoft\\Windows NT\\CurrentVersion\\NetworkList\\Profiles"
_ADDRESSES: Final = ("IPAddress", "DhcpIPAddress", "NameServer", "DhcpNameServer", "DefaultGateway", "DhcpServer")


def _storage(place: Place) -> Iterator[Fields]:
    kinds = place.current("Enum\\USBSTOR")
    for kind in kinds.subkeys() if kinds else ():
        for device in kind.subkeys():
            name = device.text("FriendlyName") or kind.name
            says = f"USB storage {name}, serial number {device.name}"
            yield place.row(device, None, says, event__category=["host"], event__action="usb-storage")
            properties = device.key(_PROPERTIES)
            for number, what in _DATES if properties else ():
                key = properties.key(number) if properties else None
                when = filetime(int.from_bytes(key.binary("")[:8], "little")) if key else None
                if key and when:
                    found = place.row(
                        key, None, f"{says}: {what}", event__category=["host"], event__action="usb-storage"
                    )
                    yield found | {"@timestamp": when, "timestamp_desc": what}


def _networks(place: Place) -> Iterator[Fields]:
    profiles = place.key(_PROFILES)
    for key in profiles.subkeys() if profiles else ():
        value = key.values.get("profilename")
        if value:
            first, last = (_local(key.binary(name)) for name in ("DateCreated", "DateLastConnected"))
            says = f"Network {value.text}, first connected {first or 'never'}, last {last or 'never'} (local time)"
            yield place.row(key, value, says, event__category=["network"], event__action="network-profile")


def _local(data: bytes) -> str:
    """A SYSTEMTIME: year, month, day of the week, day, hour, minute, second, in the machine's own time."""
    try:
        year, month, _weekday, day, hour, minute, second, _ = struct.unpack("<8H", data)
        return f"{datetime(year, month, day, hour, minute, second, tzinfo=UTC):%Y-%m-%d %H:%M:%S}"
    except (struct.error, ValueError):
        return ""


def _interfaces(place: Place) -> Iterator[Fields]:
    interfaces = place.current("Services\\Tcpip\\Parameters\\Interfaces")
    for key in interfaces.subkeys() if interfaces else ():
        yield from _addresses(place, key)


def _addresses(place: Place, key: Key) -> Iterator[Fields]:
    for name in _ADDRESSES:
        value = key.values.get(name.lower())
        if value and any(address(part) for one in value.strings for part in one.replace(",", " ").split()):
            yield place.state(key, value, f"Network interface {key.name}, {name}")


subjects.register(Subject("usb-storage", _storage))
subjects.register(Subject("networks", _networks))
subjects.register(Subject("interfaces", _interfaces))
