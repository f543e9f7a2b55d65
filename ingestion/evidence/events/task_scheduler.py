"""The task scheduler's own log: tasks registered, changed, run."""

from __future__ import annotations

from typing import Final

from ingestion.evidence.events.base import Meaning, Provider, providers
from ingestion.evidence.persistence import SCHEDULED_TASK

_WHO: Final = {"user": "UserContext"}
_WHOM: Final = {"user": "UserName"}


def _task(action: str, kind: str, says: str, fields: dict[str, str], technique: str = "") -> Meaning:
    return Meaning(action, "configuration", kind, f"Task {{TaskName}} {says}", fields, technique)


def _run(action: str, kind: str, says: str, fields: dict[str, str]) -> Meaning:
    return Meaning(action, "process", kind, f"Task {{TaskName}} {says}", fields)


providers.register(
    Provider(
        "task-scheduler",
        ("Microsoft-Windows-TaskScheduler",),
        {
            100: _run("started-task", "start", "started for {UserContext}", _WHO),
            102: _run("finished-task", "end", "finished for {UserContext}", _WHO),
            106: _task("scheduled-task-created", "creation", "registered by {UserContext}", _WHO, SCHEDULED_TASK),
            110: _run("launched-task", "start", "launched for {UserContext}", _WHO),
            129: _run(
                "created-task-process",
                "start",
                "started {Path}",
                {"process.executable": "Path", "process.pid": "ProcessID"},
            ),
            140: _task("scheduled-task-updated", "change", "changed by {UserName}", _WHOM, SCHEDULED_TASK),
            141: _task("scheduled-task-deleted", "deletion", "deleted by {UserName}", _WHOM),
            142: _task("scheduled-task-disabled", "change", "disabled by {UserName}", _WHOM),
            200: _run("started-action", "start", "runs {ActionName}", {"process.executable": "ActionName"}),
            201: _run(
                "finished-action",
                "end",
                "ran {ActionName}, result {ResultCode}",
                {"process.executable": "ActionName"},
            ),
        },
    )
)
