"""Who logged on to the machine, from where and how: Windows' audit log, summed up by source and type.

4624 a logon, 4625 a failed one, 4648 one with other credentials, 4776 credentials checked by NTLM (Microsoft, "Appendix
L: Events to Monitor"). Many failures before a success from the same address are a finding (ATT&CK T1110).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from ingestion.evidence import reading
from ingestion.evidence.engine import engine
from ingestion.evidence.findings.base import LIKELY, SURE, Found
from ingestion.evidence.models import Archive
from ingestion.evidence.moments import unix

EVENTS: Final = "windows.evtx"
SHOWN = 200
"""Sources and types of an answer: those with the most logons and failures."""
MANY, VERY_MANY = 10, 100
"""Failures before a success that are likely, and that are surely, guessing."""
BRUTE_FORCE = "T1110"
_NUMBERS: Final = (4624, 4625, 4648, 4776)
_SOURCE: Final = """coalesce("source.ip", CASE WHEN json_valid("winlog.event_data")
    THEN json_extract_string("winlog.event_data", '$.Workstation') END, '')"""
_SUMMED: Final = """
SELECT source, type, count(*) FILTER (id = 4624), count(*) FILTER (id = 4625), count(*) FILTER (id = 4648),
    count(*) FILTER (id = 4776), count(DISTINCT who), any_value(who), min(epoch_us(stamp)), max(epoch_us(stamp))
FROM logons GROUP BY source, type ORDER BY count(*) DESC, source, type LIMIT ?
"""
_GUESSED: Final = """
WITH entered AS (SELECT source, max(stamp) AS stamp FROM logons WHERE id = 4624 AND source <> '' GROUP BY source)
SELECT source, count(*), arg_min(number, logons.stamp), any_value(who)
FROM logons JOIN entered USING (source) WHERE id = 4625 AND logons.stamp < entered.stamp
GROUP BY source HAVING count(*) >= ? ORDER BY count(*) DESC, source LIMIT ?
"""


@dataclass(frozen=True, slots=True)
class Logons:
    """Those from one source of one type."""

    source: str
    """An address, or the name of a machine; empty for the machine itself."""
    type: str
    """As Windows numbers it: 2 interactive, 3 network, 10 remote desktop."""
    succeeded: int
    failed: int
    explicit: int
    checked: int
    users: int
    user: str
    """One of them."""
    first_at: datetime | None
    last_at: datetime | None


def logons_of(archive: Archive) -> list[Logons]:
    """The sums, the most frequent first."""
    rows = _asked(archive, _SUMMED, [SHOWN])
    return [_logons(row) for row in rows]


def _logons(row: tuple[Any, ...]) -> Logons:
    source, kind, succeeded, failed, explicit, checked, users, user, first, last = row
    return Logons(
        source, kind, succeeded, failed, explicit, checked, users, user or "", unix(first or 0), unix(last or 0)
    )


def break_ins(archive: Archive) -> list[Found]:
    """Addresses from which many logons failed before one succeeded."""
    return [
        Found(
            "logons", BRUTE_FORCE, source, who or "", f"{count} × 4625 → 4624",
            SURE if count >= VERY_MANY else LIKELY, (number,),
        )
        for source, count, number, who in _asked(archive, _GUESSED, [MANY, SHOWN])
    ]  # fmt: skip


def _asked(archive: Archive, statement: str, params: list[Any]) -> list[tuple[Any, ...]]:
    files = reading.files_of(archive, [EVENTS])
    if not files:
        return []
    view = f"""CREATE TEMP VIEW logons AS SELECT {_SOURCE} AS source, coalesce("winlog.logon.type", '') AS type,
        "winlog.event_id" AS id, "user.name" AS who, "@timestamp" AS stamp, "event.id" AS number
        FROM {reading.source(files)} WHERE "winlog.event_id" IN {_NUMBERS}
            AND lower("winlog.channel") = 'security'"""  # noqa: S608 (quoted paths)
    with engine(files[0].parent, memory=reading.MEMORY) as held:
        held.execute(view)
        return held.execute(statement, params).fetchall()
