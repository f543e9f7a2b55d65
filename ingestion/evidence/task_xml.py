"""Scheduled tasks as Windows writes them in XML: in Tasks/, in the events 4698 and 4702, in an export. Pure.

Source: Microsoft, [MS-TSCH] 2.5 "XML Task Definition Language". The file is UTF-16 with a byte order mark; in an event
it is text that still says `encoding="UTF-16"`. Namespaces and the order of elements are not relied upon.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

SIZE_MAX: Final = 4 * 2**20
"""Bytes; a real task has a few kibibytes."""
_TEXT_MAX: Final = 8192
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")


@dataclass(frozen=True, slots=True)
class Run:
    """One action: a program, or the COM object that is called."""

    command: str
    arguments: str = ""
    folder: str = ""

    @property
    def line(self) -> str:
        """As one would type it."""
        return f"{self.command} {self.arguments}".strip()


@dataclass(frozen=True, slots=True)
class Task:
    """What a task is and does; empty when it was no task."""

    uri: str = ""
    author: str = ""
    date: str = ""
    """As written: local time without offset, in most."""
    description: str = ""
    user: str = ""
    run_level: str = ""
    hidden: bool = False
    enabled: bool = True
    triggers: tuple[str, ...] = ()
    runs: tuple[Run, ...] = ()

    @property
    def command_line(self) -> str:
        """All of its actions."""
        return "; ".join(run.line for run in self.runs)


def decoded(content: bytes) -> str:
    """The text of a task's file, whichever its encoding. Raises UnicodeDecodeError."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    if content[1:2] == b"\0":
        return content.decode("utf-16-le", "replace")
    return content.decode("utf-8-sig", "replace")


def read(text: str) -> Task:
    """The task in that text; an empty one when there is none."""
    try:
        return parse(text)
    except ValueError:
        return Task()


def parse(text: str) -> Task:
    """The task in that text. Raises ValueError with a reason when it is none."""
    if len(text) > SIZE_MAX:
        raise ValueError("it is too long for a task")
    try:
        root = fromstring(_DECLARATION.sub("", text, count=1), forbid_dtd=True)
    except DefusedXmlException:
        raise ValueError("it declares entities, which no task does") from None
    except (ParseError, ValueError, RecursionError):
        raise ValueError("it is not well-formed XML") from None
    if _local(root) != "Task":
        raise ValueError("it is XML, but no task")
    return _task(root)


def _task(root: Element) -> Task:
    parts = {_local(part): part for part in root}
    about, settings = _leaves(parts.get("RegistrationInfo")), _leaves(parts.get("Settings"))
    principal = next(iter(parts["Principals"]), None) if "Principals" in parts else None
    who = _leaves(principal)
    return Task(
        uri=about.get("URI", ""),
        author=about.get("Author", ""),
        date=about.get("Date", ""),
        description=about.get("Description", ""),
        user=who.get("UserId") or who.get("GroupId", ""),
        run_level=who.get("RunLevel", ""),
        hidden=settings.get("Hidden", "").lower() == "true",
        enabled=settings.get("Enabled", "").lower() != "false",
        triggers=tuple(_local(trigger) for trigger in parts["Triggers"]) if "Triggers" in parts else (),
        runs=tuple(_runs(parts.get("Actions"))),
    )


def _runs(actions: Element | None) -> list[Run]:
    found = []
    for action in actions if actions is not None else ():
        leaves, kind = _leaves(action), _local(action)
        if kind == "Exec":
            found.append(
                Run(leaves.get("Command", ""), leaves.get("Arguments", ""), leaves.get("WorkingDirectory", ""))
            )
        elif kind == "ComHandler":
            found.append(Run(leaves.get("ClassId", ""), leaves.get("Data", "")))
    return found


def _leaves(part: Element | None) -> dict[str, str]:
    return {_local(leaf): (leaf.text or "").strip()[:_TEXT_MAX] for leaf in part} if part is not None else {}


def _local(part: Element) -> str:
    return str(part.tag).rpartition("}")[2]
