"""Subscriptions of WMI that run something: bindings as a collector lists them, consumers as Sysmon saw them made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import orjson

from ingestion.evidence.findings.base import LOW, OPEN, SURE, Family, Found, Record, families
from ingestion.evidence.findings.judging import techniques, text
from ingestion.evidence.persistence import WMI, unusual

_CONSUMER, _BINDING = 20, 21
_USUAL: Final = frozenset({"scm event log filter", "bvtfilter", "bvtconsumer", "scm event log consumer"})
"""What Windows itself subscribes."""


def _found(record: Record) -> Iterator[Found]:
    if WMI not in techniques(record):
        return
    told = _told(record)
    live = record.get("event.dataset") == "windows.wmi"
    if not live and (record.get("winlog.event_id") not in {_CONSUMER, _BINDING} or told.get("Operation") == "Deleted"):
        return
    name = str(told.get("Filter") or told.get("Name") or text(record, "rule.name")).strip('" ')
    command = text(record, "process.command_line") or str(told.get("Destination") or told.get("Consumer") or "")
    usual = name.lower() in _USUAL
    score = LOW if usual else SURE if unusual(command) else OPEN
    if not usual:
        yield Found(
            "wmi", WMI, name, str(told.get("Consumer") or ""), command.strip('" '), score, (text(record, "event.id"),)
        )


def _told(record: Record) -> dict[str, object]:
    try:
        told = orjson.loads(text(record, "winlog.event_data") or b"{}")
    except orjson.JSONDecodeError:
        return {}
    return told if isinstance(told, dict) else {}


families.register(Family("wmi", _found))
