"""Running processes as collectors list them: Velociraptor's Pslist, CSV of Scout, KAPE, DFIR-ORC, tasklist, `ps`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from ingestion.evidence.artefacts.base import Artefact, Fault, Fields, Parser, Summary, parsers
from ingestion.evidence.containers.base import Item
from ingestion.evidence.moments import written
from ingestion.evidence.places import name_of
from ingestion.evidence.tables import Row, beginning, columns, first_of, lines, number_of, plain, rows

_PID = ("pid", "processid", "idprocessus")
_NAME = ("name", "imagename", "processname", "process", "nomdelimage", "comm", "ucomm")
_PARENT = ("ppid", "parentprocessid", "parentpid", "parentid")
_COMMAND = ("commandline", "cmdline", "command", "cmd", "args")
_PATH = ("exe", "executablepath", "path", "imagepath", "executable")
_USER = ("username", "user", "owner", "uid", "nomdutilisateur", "utilisateur", "tokeninfousername")
_BEGAN = ("createtime", "starttime", "creationdate", "creationtime", "created", "startedat")
_SHA256 = ("hashsha256", "sha256")
_CONNECTION = frozenset({"raddrip", "remoteaddress", "remoteip", "foreignaddress", "laddrip", "localaddress"})
_PS = re.compile(r"^\s*(?:\S+\s+)*?PID\s+(?:\S+\s+)*?(?:CMD|COMMAND|ARGS)\s*$")
_SID = re.compile(r"S-1-\d+(?:-\d+)*")


class LiveProcess(Parser):
    """One record for each row."""

    name: ClassVar[str] = "live_process"
    version: ClassVar[str] = "1"
    datasets: ClassVar[tuple[str, ...]] = ("live.process",)
    library: ClassVar[str] = "own"

    def wants(self, item: Item, head: bytes) -> bool:  # noqa: ARG002 (its columns say enough)
        """By its columns: a number of a process, its name, and its parent or its command line."""
        if _header(head):
            return True
        found = columns(head)
        if not found & set(_PID) or found & _CONNECTION:
            return False
        if found & {"imagename", "nomdelimage"}:
            return True
        return bool(found & {*_NAME, *_PATH}) and bool(found & {*_PARENT, "commandline", "cmdline"})

    def parse(self, artefact: Artefact) -> Iterator[Fields | Fault | Summary]:
        """Rows without a number of a process are faults; the instant is that of the process's start."""
        with artefact.item.file.open("rb") as file:
            head = file.read(4096)
        for row in _listed(artefact) if _header(head) else rows(artefact.item.file):
            if isinstance(row, Fault):
                yield row
            else:
                yield _process(*row)


def _header(head: bytes) -> bool:
    first = beginning(head).partition("\n")[0]
    return "," not in first and len(first) < 300 and _PS.match(first.rstrip()) is not None


def _listed(artefact: Artefact) -> Iterator[tuple[int, Row] | Fault]:
    """`ps`: columns by the words of its first line, the last of which takes the rest."""
    names: list[str] = []
    for number, line in lines(artefact.item.file):
        cells = line.split(None, len(names) - 1 if names else -1)
        if not cells:
            continue
        if not names:
            names = [plain(cell) for cell in cells]
        elif len(cells) < len(names):
            yield Fault(f"line {number}", "it has fewer columns than the first line")
        else:
            yield number, dict(zip(names, cells, strict=False))


def _process(number: int, row: Row) -> Fields | Fault:
    pid = number_of(first_of(row, *_PID))
    if pid is None:
        return Fault(f"row {number}", "it has no number of a process")
    command, path = first_of(row, *_COMMAND), first_of(row, *_PATH)
    name = first_of(row, *_NAME) or name_of(path) or name_of(command.partition(" ")[0])
    user, domain = _user(first_of(row, *_USER))
    began = written(first_of(row, *_BEGAN))
    parent = number_of(first_of(row, *_PARENT))
    fields: Fields = {
        "_key": number,
        "@timestamp": began,
        "timestamp_desc": "process started",
        "event.kind": "state",
        "event.category": ["process"],
        "event.type": ["info"],
        "user.name": user,
        "user.domain": domain,
        "process.pid": pid,
        "process.name": name,
        "process.executable": path,
        "process.command_line": command,
        "process.parent.pid": parent,
        "process.parent.name": first_of(row, "parentname", "parentprocessname"),
        "process.hash.sha256": first_of(row, *_SHA256).lower(),
        "message": f"Process {name} ({pid}), parent {'?' if parent is None else parent}: {command or path}",
    }
    if _SID.fullmatch(sid := first_of(row, "tokeninfouser", "ownersid", "usersid", "sid")):
        fields["user.id"] = sid
    return fields


def _user(said: str) -> tuple[str, str]:
    """`DOMAIN\\name`."""
    domain, _, name = said.rpartition("\\")
    return name, domain


parsers.register(LiveProcess())
