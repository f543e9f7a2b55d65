"""Scheduled tasks: the XML files of Windows/System32/Tasks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import orjson

from ingestion.evidence.artefacts.base import Artefact, Fault, Fields, Parser, Summary, parsers
from ingestion.evidence.containers.base import Item
from ingestion.evidence.events.base import basename
from ingestion.evidence.moments import written
from ingestion.evidence.persistence import SCHEDULED_TASK, unusual
from ingestion.evidence.places import machine_path
from ingestion.evidence.task_xml import SIZE_MAX, Run, Task, decoded, parse

_NAMESPACE = "schemas.microsoft.com/windows/2004/02/mit/task"


class ScheduledTask(Parser):
    """One record for each thing that a task does."""

    name: ClassVar[str] = "scheduled-task"
    version: ClassVar[str] = "1"
    datasets: ClassVar[tuple[str, ...]] = ("windows.scheduled_task",)
    library: ClassVar[str] = "defusedxml"

    def wants(self, item: Item, head: bytes) -> bool:
        """By the namespace of tasks; an XML file, or none any more, that lies where tasks lie."""
        text = decoded(head)
        if _NAMESPACE in text and "<Task" in text:
            return True
        return "/system32/tasks/" in f"/{item.path.lower()}" and text.lstrip().startswith("<")

    def parse(self, artefact: Artefact) -> Iterator[Fields | Fault | Summary]:
        """What the task runs; a task that runs nothing is a record all the same."""
        with artefact.item.file.open("rb") as file:
            content = file.read(2 * SIZE_MAX + 1)
        try:
            task = parse(decoded(content))
        except ValueError as reason:
            yield Fault("task", str(reason))
            return
        for at, run in enumerate(task.runs or (Run(""),)):
            yield _fields(artefact, task, run, at)


def _fields(artefact: Artefact, task: Task, run: Run, at: int) -> Fields:
    uri = task.uri or "\\" + artefact.item.path.rpartition("/Tasks/")[2].replace("/", "\\")
    told = {
        "uri": uri, "command": run.command, "arguments": run.arguments, "working_directory": run.folder,
        "author": task.author, "date": task.date, "description": task.description, "user": task.user,
        "run_level": task.run_level, "hidden": task.hidden, "enabled": task.enabled, "triggers": task.triggers,
    }  # fmt: skip
    marks = ["hidden"] * task.hidden + ["disabled"] * (not task.enabled) + ["unusual"] * unusual(run.line)
    when = ", ".join(trigger.removesuffix("Trigger").lower() for trigger in task.triggers) or "nothing"
    says = f"Scheduled task {uri} by {task.author or 'nobody named'}, started by {when}: {run.line}"
    # A date without an offset is the machine's own time: no instant can be made of it, the message says it instead.
    zoned = task.date if task.date.endswith("Z") or "+" in task.date else ""
    return {
        "_key": f"{uri}|{at}",
        "@timestamp": written(zoned) if zoned else None,
        "timestamp_desc": "task registered",
        "event.kind": "state",
        "event.category": ["configuration"],
        "event.type": ["info"],
        "event.action": "persistence",
        "event.original": orjson.dumps({name: value for name, value in told.items() if value}).decode(),
        "user.id": task.user if task.user.startswith("S-1-") else "",
        "user.name": "" if task.user.startswith("S-1-") else task.user.rpartition("\\")[2],
        "process.executable": run.command,
        "process.name": basename(run.command) if run.command else "",
        "process.command_line": run.line,
        "file.path": machine_path(artefact.item),
        "threat.technique.id": [SCHEDULED_TASK],
        "tags": ["persistence", *marks],
        "message": says + (f" (registered {task.date}, local time)" if task.date and not zoned else ""),
    }


parsers.register(ScheduledTask())
