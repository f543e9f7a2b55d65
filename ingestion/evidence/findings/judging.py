r"""How odd a program is that comes back: by where it lies, whether Windows has it so, and what it runs. Pure.

Nothing here says that a program is good: a place that only administrators write to is a note, and a low score.
"""

from __future__ import annotations

import re
from typing import Final

from ingestion.evidence.findings.base import LIKELY, LOW, OPEN, SURE, Found, Record
from ingestion.evidence.hives.services import program
from ingestion.evidence.persistence import unusual

PROTECTED_NOTE: Final = "lies where only administrators write"
_SAID: Final = (
    (re.compile(r"^\\\?\?\\"), ""),
    (re.compile(r"^(%systemroot%|%windir%|\\systemroot)\\"), "c:\\\\windows\\\\"),
    (re.compile(r"^(system32|syswow64|sysnative)\\"), "c:\\\\windows\\\\\\1\\\\"),
    (re.compile(r"^%(programfiles|programfiles\(x86\)|programw6432|commonprogramfiles)%\\"), "c:\\\\program files\\\\"),
)
_PROTECTED: Final = re.compile(r"^[a-z]:\\(windows|program files|program files \(x86\))\\")
_OPEN: Final = re.compile(
    r"^[a-z]:\\windows\\(temp|tasks|tracing|debug|registration\\crmlog|system32\\(tasks|spool\\drivers\\color)"
    r"|system32\\com\\dmp|syswow64\\tasks)\\"
)
"""Folders of Windows in which everybody may write."""
_RUNNERS: Final = frozenset(
    {
        "cmd.exe", "powershell.exe", "pwsh.exe", "mshta.exe", "wscript.exe", "cscript.exe", "rundll32.exe",
        "regsvr32.exe", "certutil.exe", "bitsadmin.exe", "msiexec.exe", "installutil.exe", "regasm.exe", "forfiles.exe",
    }
)  # fmt: skip
"""Programs of Windows that run whatever they are told."""


def normal(path: str) -> str:
    r"""A path in small letters with its variables written out: `%windir%\x` and `\SystemRoot\x` are one."""
    said = path.strip().strip('"').lower().replace("/", "\\")
    for pattern, instead in _SAID:
        said = pattern.sub(instead, said)
    return said


def protected(command: str) -> bool:
    """Whether its program lies where only administrators write, and does not run what it is told."""
    path = normal(program(command))
    inside = _PROTECTED.match(path) and not _OPEN.match(path) and ".." not in path
    return bool(inside) and path.rpartition("\\")[2] not in _RUNNERS


def score_of(command: str) -> tuple[int, str]:
    """How odd a command is, and the note that speaks for it."""
    if unusual(command):
        return LIKELY, ""
    return (LOW, PROTECTED_NOTE) if protected(command) else (OPEN, "")


def registry_found(record: Record, category: str, technique: str, *, command: str = "", surely: bool = False) -> Found:
    """The finding of a value of the registry, in a hive or written before the eyes of an event log."""
    said = command or data_of(record)
    score, note = score_of(said)
    hive, key = text(record, "registry.hive"), text(record, "registry.key")
    return Found(
        category, technique, "\\".join(filter(None, (hive, key))), text(record, "registry.value"), said,
        SURE if surely else score, (text(record, "event.id"),), "" if surely else note,
    )  # fmt: skip


def techniques(record: Record) -> list[str]:
    """What its parser named."""
    found = record.get("threat.technique.id")
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []


def in_registry(record: Record) -> bool:
    """A value of a hive that makes something come back, or an event that tells of one being written."""
    dataset = record.get("event.dataset")
    if dataset == "windows.registry":
        return record.get("event.action") == "persistence"
    return dataset == "windows.evtx" and bool(record.get("registry.key")) and record.get("winlog.event_id") in {13, 14}


def data_of(record: Record) -> str:
    """The data of a value, or the command that a parser made of it."""
    strings = record.get("registry.data.strings")
    joined = "; ".join(str(one) for one in strings) if isinstance(strings, list) else ""
    return joined or text(record, "process.command_line")


def text(record: Record, name: str) -> str:
    """A text of the record, or nothing."""
    found = record.get(name)
    return found if isinstance(found, str) else ""
