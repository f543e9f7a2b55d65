"""Microsoft Defender: what it found, and when it was put to sleep."""

from __future__ import annotations

import re
from typing import Final

from ingestion.evidence.artefacts.base import Fields
from ingestion.evidence.events.base import Data, Meaning, Provider, basename, providers, text

DISABLED: Final = "T1562.001"
_FILE = re.compile(r"(?:^|;\s*)(?:containerfile|file):_([^;]+?)(?:->[^;]*)?(?:;|$)")


def _where(data: Data, found: Fields) -> None:
    """`Path` is `file:_C:\\x.exe; process:_pid:4,…`: the first file of it."""
    path = _FILE.search(text(data.get("Path")) or "")
    if path:
        found["file.path"], found["file.name"] = path[1].strip(), basename(path[1].strip())


def _found(action: str, says: str) -> Meaning:
    return Meaning(
        action,
        "malware",
        "info",
        f"Defender {says} {{Threat Name}} in {{Path}}, process {{Process Name}}",
        {
            "rule.name": "Threat Name",
            "rule.id": "Threat ID",
            "user": "Detection User",
            "process.executable": "Process Name",
        },
        more=_where,
    )


def _off(says: str) -> Meaning:
    return Meaning("defender-disabled", "configuration", "change", says, technique=DISABLED)


providers.register(
    Provider(
        "defender",
        ("Microsoft-Windows-Windows Defender",),
        {
            1006: _found("malware-detected", "found"),
            1007: _found("malware-acted-on", "acted on"),
            1008: _found("malware-action-failed", "could not act on"),
            1015: _found("suspicious-behaviour", "saw suspicious behaviour"),
            1116: _found("malware-detected", "found"),
            1117: _found("malware-acted-on", "acted on"),
            1118: _found("malware-action-failed", "could not act on"),
            1119: _found("malware-action-failed", "could not act on"),
            5001: _off("Defender: real-time protection was disabled"),
            5004: _off("Defender: the configuration of real-time protection changed: {Feature Name}"),
            5007: Meaning("defender-configured", "configuration", "change", "Defender: {Old Value} became {New Value}"),
            5010: _off("Defender: scanning for malware was disabled"),
            5012: _off("Defender: scanning for viruses was disabled"),
            5013: Meaning("defender-change-blocked", "configuration", "change", "Defender blocked a change: {Value}"),
        },
    )
)
