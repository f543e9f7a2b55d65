"""Winlogon: the shell, what is run at a logon, and what is told of it, unless they are as Windows sets them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ingestion.evidence.findings.base import Family, Found, Record, families
from ingestion.evidence.findings.judging import data_of, in_registry, normal, registry_found, techniques, text
from ingestion.evidence.persistence import WINLOGON

_USUAL: Final = {
    "shell": frozenset({"explorer.exe", "c:\\windows\\explorer.exe"}),
    "userinit": frozenset({"userinit.exe", "c:\\windows\\system32\\userinit.exe", "userinit"}),
    "vmapplet": frozenset(
        {"systempropertiesperformance.exe /pagefile", "rundll32 shell32", 'control_rundll "sysdm.cpl"'}
    ),
    "uihost": frozenset({"logonui.exe"}),
}


def _found(record: Record) -> Iterator[Found]:
    if not in_registry(record) or WINLOGON not in techniques(record):
        return
    usual = _USUAL.get(text(record, "registry.value").lower(), frozenset())
    added = [part for part in data_of(record).split(",") if part.strip() and normal(part) not in usual]
    if added:
        yield registry_found(record, "winlogon", WINLOGON, surely=bool(usual), command=data_of(record))


families.register(Family("winlogon", _found))
