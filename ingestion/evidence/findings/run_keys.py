"""Run, RunOnce and their like, of the machine, of 32-bit programs and of each user; logon scripts, screen savers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ingestion.evidence.findings.base import Family, Found, Record, families
from ingestion.evidence.findings.judging import data_of, in_registry, normal, registry_found, techniques, text
from ingestion.evidence.hives.services import program
from ingestion.evidence.persistence import ACTIVE_SETUP, LOGON_SCRIPT, RUN_KEYS, SCREENSAVER

_MINE: Final = (RUN_KEYS, LOGON_SCRIPT, SCREENSAVER, ACTIVE_SETUP)
USUAL: Final = frozenset(
    {
        ("securityhealth", "c:\\windows\\system32\\securityhealthsystray.exe"),
        ("sidebar", "c:\\program files\\windows sidebar\\sidebar.exe"),
        ("mctadmin", "c:\\windows\\system32\\mctadmin.exe"),
        ("vmware user process", "c:\\program files\\vmware\\vmware tools\\vmtoolsd.exe"),
        ("scrnsave.exe", "c:\\windows\\system32\\scrnsave.scr"),
    }
)
"""Values as Windows itself has them: the name of the value, and the program in small letters."""
_BOOT_USUAL: Final = "autocheck autochk *"


def _found(record: Record) -> Iterator[Found]:
    if not in_registry(record):
        return
    mine = next((one for one in techniques(record) if one in _MINE), "")
    command = data_of(record)
    if mine and command and not _usual(text(record, "registry.value").lower(), command):
        yield registry_found(record, "run-keys", mine)


def _usual(value: str, command: str) -> bool:
    if value == "bootexecute":
        return command.lower().rstrip("; ") == _BOOT_USUAL
    return (value, normal(program(command))) in USUAL


families.register(Family("run-keys", _found))
