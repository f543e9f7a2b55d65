"""What people typed: PSReadLine's history of PowerShell, and those of bash, zsh and the like."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import ClassVar

from ingestion.evidence.artefacts.base import Artefact, Fault, Fields, Parser, Summary, parsers
from ingestion.evidence.containers.base import Item
from ingestion.evidence.moments import unix
from ingestion.evidence.tables import lines

_POWERSHELL = re.compile(r"(?:^|/)(?:psreadline/)?\w*host_history\.txt$", re.IGNORECASE)
_SHELL = re.compile(r"(?:^|/)\.(?:bash|zsh|sh|ash|ksh|python|mysql|psql)_history$")
_USER = re.compile(r"(?:^|/)(?:users|home|documents and settings)/([^/]+)/", re.IGNORECASE)
_ZSH = re.compile(r": (\d{1,12}):\d+;")
_STAMP = re.compile(r"#(\d{9,12})$")
COMMAND_LINES_MAX = 5000
"""Lines of one command that goes on over several."""


class ShellHistory(Parser):
    """One record for each command, in the order of the file; most shells say no instant."""

    name: ClassVar[str] = "shell_history"
    version: ClassVar[str] = "1"
    datasets: ClassVar[tuple[str, ...]] = ("powershell.history", "shell.history")
    library: ClassVar[str] = "own"

    def wants(self, item: Item, head: bytes) -> bool:
        """By its name: the content is free text; but no binary file."""
        named = _POWERSHELL.search(item.path) or _SHELL.search(item.path)
        return named is not None and (b"\0" not in head or head.startswith((b"\xff\xfe", b"\xfe\xff")))

    def parse(self, artefact: Artefact) -> Iterator[Fields | Fault | Summary]:
        """A command goes on after a line that ends in a grave accent (PSReadLine) or a backslash (zsh)."""
        power = _POWERSHELL.search(artefact.item.path) is not None
        user = _USER.search(artefact.item.path)
        common: Fields = {
            "event.dataset": "powershell.history" if power else "shell.history",
            "event.category": ["process"],
            "event.type": ["start"],
            "user.name": user[1] if user else ("root" if artefact.item.path.startswith("root/") else ""),
        }
        for number, command, moment in _commands(artefact, "`" if power else "\\"):
            yield {
                **common,
                "_key": number,
                "@timestamp": moment,
                "timestamp_desc": "command typed",
                "event.kind": "event" if moment else "state",
                "process.command_line": command,
                "message": f"{common['user.name'] or '?'} typed: {command}",
            }


def _commands(artefact: Artefact, goes_on: str) -> Iterator[tuple[int, str, datetime | None]]:
    held: list[str] = []
    begin, moment = 1, None
    for number, line in lines(artefact.item.file):
        if not held:
            if stamp := _STAMP.match(line):
                moment = unix(int(stamp[1]) * 1_000_000)
                continue
            begin = number
            if said := _ZSH.match(line):
                moment, line = unix(int(said[1]) * 1_000_000), line[said.end() :]  # noqa: PLW2901 (without its stamp)
        more = line.endswith(goes_on) and len(held) < COMMAND_LINES_MAX
        held.append(line[:-1] if more else line)
        if not more:
            if text := "\n".join(held).strip():
                yield begin, text, moment
            held, moment = [], None
    if text := "\n".join(held).strip():
        yield begin, text, moment


parsers.register(ShellHistory())
