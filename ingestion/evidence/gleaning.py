"""The records of one archive out of which values may be proposed, and the names of its machine. Reads Parquet, bounded.

All values are an attacker's: none is ever part of a statement.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from ingestion.evidence import reading
from ingestion.evidence.engine import engine
from ingestion.evidence.models import Archive

ROWS: Final = 20_000
"""Records of one dataset that are looked at."""
NAMES: Final = 1000
"""Names of users and machines that are known of one dataset."""
_COLUMNS: Final = (
    "@timestamp", "event.dataset", "event.action", "event.original", "destination.ip", "process.name",
    "process.command_line", "file.name", "file.hash.sha256", "service.name", "dns.question.name",
    "iocmarket.artifact_path", "iocmarket.offset_or_record", "tags",
)  # fmt: skip
_NOTHING: Final[dict[str, Any]] = dict.fromkeys(_COLUMNS)
_UNUSUAL: Final = "list_contains(tags, 'unusual')"
_POWERSHELL: Final = "('executed-command', 'executed-script-block', 'executed-pipeline')"
_WANTED: Final = {
    "file.suspicious": "true",
    "detection.yara": "true",
    "live.network": '"destination.ip" IS NOT NULL',
    "live.process": _UNUSUAL,
    "windows.registry": _UNUSUAL,
    "windows.services": _UNUSUAL,
    "windows.scheduled_task": _UNUSUAL,
    "windows.wmi": _UNUSUAL,
    "windows.evtx": (
        f'{_UNUSUAL} OR "dns.question.name" IS NOT NULL OR "event.action" IN {_POWERSHELL}'
        ' OR ("destination.ip" IS NOT NULL AND "winlog.channel" ILIKE \'%sysmon%\')'
    ),
}
"""What is looked at of each dataset. PowerShell's own are filtered by whether they stand out, in proposing.py."""
_PROFILE: Final = r"[\\/](?:Users|home|Documents and Settings)[\\/]([^\\/]+)[\\/]"


def gleaned(archive: Archive) -> Iterator[dict[str, Any]]:
    """The records, those of suspicious files first; nothing for an archive without any. Every column has a key."""
    for dataset, wanted in _WANTED.items():
        for found in reading.rows(archive, datasets=[dataset], columns=_COLUMNS, where=wanted, limit=ROWS):
            at = found.get("@timestamp")
            yield {**_NOTHING, **found, "@timestamp": datetime.fromisoformat(at) if at else None}


def names_of(archive: Archive) -> set[str]:
    """What its machine and the people on it are called, as the records say it."""
    found = {archive.host} if archive.host else set()
    columns = ('"host.name"', '"host.hostname"', '"user.name"', '"winlog.computer_name"')
    asked = [*columns, *(f"regexp_extract({one}, ?, 1, 'i')" for one in ('"file.path"', '"process.command_line"'))]
    files = reading.files_of(archive)
    if not files:
        return found
    with engine(files[0].parent, memory=reading.MEMORY) as held:
        for path in files:
            for one in asked:
                given = [_PROFILE] if "?" in one else []
                statement = f"SELECT DISTINCT {one} FROM {reading.source([path])} LIMIT {NAMES}"  # noqa: S608 (ours)
                found |= {row[0] for row in held.execute(statement, given).fetchall() if row[0]}
    return found
