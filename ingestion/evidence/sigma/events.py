"""A record of an event log as Sigma's rules name its fields, and which events a rule's log source means.

Source: the Sigma specification, "Taxonomy": categories and services of Windows with their channels and event ids.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, Final

_SYSMON: Final = "microsoft-windows-sysmon/operational"
_POWERSHELL: Final = "microsoft-windows-powershell/operational"
SERVICES: Final[dict[str, str]] = {
    "application": "application",
    "applocker": "microsoft-windows-applocker/exe and dll",
    "bits-client": "microsoft-windows-bits-client/operational",
    "firewall-as": "microsoft-windows-windows firewall with advanced security/firewall",
    "ntlm": "microsoft-windows-ntlm/operational",
    "powershell": _POWERSHELL,
    "powershell-classic": "windows powershell",
    "security": "security",
    "sysmon": _SYSMON,
    "system": "system",
    "taskscheduler": "microsoft-windows-taskscheduler/operational",
    "terminalservices-localsessionmanager": "microsoft-windows-terminalservices-localsessionmanager/operational",
    "windefend": "microsoft-windows-windows defender/operational",
    "wmi": "microsoft-windows-wmi-activity/operational",
}
"""The channel of each service, in lower case."""
CATEGORIES: Final[dict[str, frozenset[tuple[str, int]]]] = {
    name: frozenset(events)
    for name, events in {
        "process_creation": [(_SYSMON, 1), ("security", 4688)],
        "network_connection": [(_SYSMON, 3)],
        "driver_load": [(_SYSMON, 6)],
        "image_load": [(_SYSMON, 7)],
        "create_remote_thread": [(_SYSMON, 8)],
        "process_access": [(_SYSMON, 10)],
        "file_event": [(_SYSMON, 11)],
        "registry_add": [(_SYSMON, 12)],
        "registry_set": [(_SYSMON, 13)],
        "registry_event": [(_SYSMON, 12), (_SYSMON, 13), (_SYSMON, 14)],
        "create_stream_hash": [(_SYSMON, 15)],
        "pipe_created": [(_SYSMON, 17), (_SYSMON, 18)],
        "wmi_event": [(_SYSMON, 19), (_SYSMON, 20), (_SYSMON, 21)],
        "dns_query": [(_SYSMON, 22)],
        "file_delete": [(_SYSMON, 23), (_SYSMON, 26)],
        "ps_module": [(_POWERSHELL, 4103)],
        "ps_script": [(_POWERSHELL, 4104)],
        "ps_classic_start": [("windows powershell", 400)],
    }.items()
}
"""Channel and event id of each category."""
_ALSO: Final[dict[str, tuple[str, ...]]] = {
    "Image": ("NewProcessName",), "ParentImage": ("ParentProcessName",), "User": ("SubjectUserName",),
}  # fmt: skip
"""The audit log's own names for what the rules call as Sysmon does."""
_COLUMNS: Final[dict[str, str]] = {
    "EventID": "winlog.event_id", "Channel": "winlog.channel", "Provider_Name": "winlog.provider_name",
    "Computer": "winlog.computer_name", "Image": "process.executable", "CommandLine": "process.command_line",
    "ServiceName": "service.name", "TargetFilename": "file.path", "QueryName": "dns.question.name",
    "SourceIp": "source.ip", "DestinationIp": "destination.ip", "DestinationPort": "destination.port",
    "User": "user.name",
}  # fmt: skip


class Event:
    """One record."""

    def __init__(self, record: Mapping[str, Any]) -> None:
        self._record = record

    @cached_property
    def _data(self) -> Mapping[str, Any]:
        try:
            found = json.loads(self._record.get("winlog.event_data") or "{}")
        except ValueError:  # a record that was too long was cut
            found = {}
        return found if isinstance(found, dict) else {}

    @cached_property
    def whole(self) -> str:
        """All of it, for words without a field."""
        return f"{self._record.get('message', '')}\n{self._record.get('winlog.event_data', '')}"

    def values(self, field: str) -> Iterator[str]:
        """What the field says; nothing where the event has none."""
        for name in (field, *_ALSO.get(field, ())):
            if (said := self._data.get(name)) is not None:
                yield from _texts(said)
                return
        if (said := self._record.get(_COLUMNS.get(field, ""))) is not None:
            yield from _texts(said)


def _texts(said: Any) -> Iterator[str]:
    if isinstance(said, list):
        for each in said:
            yield from _texts(each)
    elif isinstance(said, dict):
        yield json.dumps(said, ensure_ascii=False)
    elif isinstance(said, bool):
        yield str(said).lower()
    else:
        yield str(said)
