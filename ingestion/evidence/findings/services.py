"""Services and drivers whose program or library lies where everybody may write, or whose name is a tool's own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ingestion.evidence.findings.base import LIKELY, OPEN, SURE, Family, Found, Record, families
from ingestion.evidence.findings.judging import data_of, in_registry, protected, registry_found, techniques, text
from ingestion.evidence.persistence import SERVICE, unusual

_INSTALLED: Final = frozenset({7045, 4697})
_USUAL: Final = frozenset({"winhttp.dll", "%systemroot%\\system32\\msiexec.exe /v"})
"""A library that Windows names without its folder, and its own service of a program that runs what it is told."""
_DRIVER: Final = ".sys"


def _found(record: Record) -> Iterator[Found]:
    dataset = record.get("event.dataset")
    if dataset == "windows.services":
        strings = record.get("registry.data.strings")
        runs = [str(one) for one in strings] if isinstance(strings, list) else []
    elif dataset == "windows.evtx" and record.get("winlog.event_id") in _INSTALLED and SERVICE in techniques(record):
        runs = [text(record, "process.command_line") or text(record, "file.path")]
    else:
        if SERVICE in techniques(record) and in_registry(record) and not protected(data_of(record)):
            yield registry_found(record, "services", SERVICE)
        return
    name = text(record, "service.name")
    for run in runs:
        if run and run.lower() not in _USUAL and (unusual(run) or unusual(f"{name}.exe") or not protected(run)):
            yield _service(record, name, run)


def _service(record: Record, name: str, run: str) -> Found:
    """A driver, or anything else that begins before anybody logs on, is surer than a program somewhere."""
    odd = unusual(run) or unusual(f"{name}.exe")
    surely = odd and run.lower().split(" ")[0].endswith(_DRIVER)
    score = SURE if surely else LIKELY if odd else OPEN
    kept = "ServiceDll" if run.lower().endswith(".dll") else "ImagePath"
    return Found("services", SERVICE, name, kept, run, score, (text(record, "event.id"),))


families.register(Family("services", _found))
