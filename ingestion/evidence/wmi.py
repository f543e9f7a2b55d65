"""How a subscription of WMI stands in the records, whoever tells of it: a listing or the repository itself. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import orjson

from ingestion.evidence.artefacts.base import Fields
from ingestion.evidence.persistence import WMI, unusual

ACTS: Final = ("commandlinetemplate", "executablepath", "scripttext", "scriptfilename", "filename", "text")
"""The properties of consumers that say what is done, their names plain (tables.py); the first that is set."""


def subscription(
    key: str | int, told: Mapping[str, str], *, consumer: str, filtering: str, command: str, query: str, namespace: str
) -> Fields:
    """A filter bound to a consumer (MITRE ATT&CK T1546.003); one of the two may be unknown. `told` is all of it."""
    return {
        "_key": key,
        "@timestamp": None,
        "event.kind": "state",
        "event.category": ["configuration"],
        "event.type": ["info"],
        "event.action": "wmi-subscription",
        "process.command_line": command,
        "rule.name": filtering,
        "winlog.event_data": orjson.dumps({"Consumer": consumer, "Filter": filtering, **told}).decode(),
        "threat.technique.id": [WMI],
        "message": f"WMI subscription in {namespace}: {filtering} → {consumer}: {command} ({query})",
        "tags": ["unusual"] if unusual(command) else [],
    }
