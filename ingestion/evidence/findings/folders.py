"""Files that are run because of where they lie: startup folders, and profiles of PowerShell."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ingestion.evidence.findings.base import LIKELY, OPEN, Family, Found, Record, families
from ingestion.evidence.findings.judging import text
from ingestion.evidence.persistence import POWERSHELL_PROFILE, RUN_KEYS

_DATASETS: Final = frozenset({"ntfs.mft", "file.suspicious", "windows.lnk"})
_STARTUP = re.compile(r"\\start menu\\programs\\startup\\([^\\]+)$")
_PROFILE = re.compile(r"\\(windows)?powershell\\([^\\]+\\)*([^\\]*_)?profile\.ps1$")
_SCRIPTS: Final = (
    ".vbs",
    ".vbe",
    ".js",
    ".jse",
    ".wsf",
    ".bat",
    ".cmd",
    ".ps1",
    ".hta",
    ".scr",
    ".exe",
    ".dll",
    ".url",
)


def _found(record: Record) -> Iterator[Found]:
    dataset = record.get("event.dataset")
    created = dataset == "windows.evtx" and record.get("winlog.event_id") == 11  # Sysmon: a file was made
    if dataset not in _DATASETS and not created:
        return
    path = text(record, "file.path")
    low = path.lower().replace("/", "\\")
    startup = _STARTUP.search(low)
    records = (text(record, "event.id"),)
    sha256 = text(record, "file.hash.sha256")
    if startup and startup[1] != "desktop.ini":
        score = LIKELY if low.endswith(_SCRIPTS) else OPEN
        yield Found("folders", RUN_KEYS, path, "", path, score, records, target_hash=sha256)
    elif _PROFILE.search(low) and "\\windows\\winsxs\\" not in low:
        yield Found("folders", POWERSHELL_PROFILE, path, "", path, OPEN, records, target_hash=sha256)


families.register(Family("folders", _found))
