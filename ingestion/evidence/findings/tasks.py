"""Scheduled tasks: their files, the scheduler's own list, and the events of their making."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import orjson

from ingestion.evidence.findings.base import SURE, Family, Found, Record, families
from ingestion.evidence.findings.judging import protected, score_of, techniques, text
from ingestion.evidence.persistence import SCHEDULED_TASK

_MADE: Final = frozenset({4698, 4702, 106, 140})


def _found(record: Record) -> Iterator[Found]:
    if SCHEDULED_TASK not in techniques(record):
        return
    dataset = record.get("event.dataset")
    tags = record.get("tags")
    command = text(record, "process.command_line")
    if dataset == "windows.scheduled_task":
        if command and not protected(command):
            yield _task(record, _uri(record), command)
    elif dataset == "windows.registry":
        if isinstance(tags, list) and "hidden" in tags:
            yield _task(record, text(record, "registry.key"), command, hidden=True)
    elif dataset == "windows.evtx" and record.get("winlog.event_id") in _MADE and command and not protected(command):
        yield _task(record, _uri(record), command)


def _task(record: Record, name: str, command: str, *, hidden: bool = False) -> Found:
    """One that the scheduler runs and does not list was hidden on purpose."""
    score, note = score_of(command)
    return Found(
        "tasks", SCHEDULED_TASK, name, "", command, SURE if hidden else score, (text(record, "event.id"),), note
    )


def _uri(record: Record) -> str:
    for column, name in (("event.original", "uri"), ("winlog.event_data", "TaskName")):
        try:
            told = orjson.loads(text(record, column) or b"{}")
        except orjson.JSONDecodeError:
            continue
        if isinstance(told, dict) and isinstance(told.get(name), str):
            return str(told[name])
    return text(record, "file.path")


families.register(Family("tasks", _found))
