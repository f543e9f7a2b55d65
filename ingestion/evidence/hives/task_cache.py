"""The scheduler's own list of tasks. One that is here and has no file, or has no security descriptor, is hidden."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ingestion.evidence.artefacts.base import Fields
from ingestion.evidence.hives.base import Place, Subject, subjects
from ingestion.evidence.hives.reading import Key
from ingestion.evidence.persistence import SCHEDULED_TASK, unusual

_CACHE: Final = "Microsoft\\Windows NT\\CurrentVersion\\Schedule\\TaskCache"
_DEPTH: Final = 16
_TEXTS = re.compile(rb"(?:[\x20-\x7e\x80-\xff]\x00){3,}")


def _tasks(place: Place) -> Iterator[Fields]:
    tasks = place.key(f"{_CACHE}\\Tasks")
    tree = place.key(f"{_CACHE}\\Tree")
    shown = dict(_tree(tree, _DEPTH)) if tree else {}
    for key in tasks.subkeys() if tasks else ():
        path = key.text("Path") or key.text("URI")
        actions = [part.decode("utf-16-le", "replace") for part in _TEXTS.findall(key.binary("Actions"))]
        command = " ".join(actions[1:])
        entry = shown.get(key.name.lower())
        hidden = entry is None or ("sd" not in entry.values and len(entry.values) > 2)
        tags = ["persistence"] + ["hidden"] * hidden + ["unusual"] * unusual(command)
        yield place.row(
            key,
            None,
            f"Task in the scheduler's list: {path} {command}".strip() + (" (hidden)" if hidden else ""),
            event__action="persistence",
            event__category=["configuration", "registry"],
            registry__data__strings=[one for one in (path, *actions) if one],
            process__command_line=command,
            threat__technique__id=[SCHEDULED_TASK],
            tags=tags,
        )


def _tree(key: Key, depth: int) -> Iterator[tuple[str, Key]]:
    """The entries of the tree by the identifier of their task."""
    identity = key.text("Id")
    if identity:
        yield identity.lower(), key
    for below in key.subkeys() if depth else ():
        yield from _tree(below, depth - 1)


subjects.register(Subject("task-cache", _tasks))
