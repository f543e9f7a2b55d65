"""From records to values that might be shared, the likeliest first. Pure.

A candidate is a value with the reason why it stands out; whether it may leave is decided by proposals.py and then by a
person. What the record says around the value is used to find and rank it, and goes no further.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ingestion.evidence.persistence import unusual
from ingestion.readers.free_text import read
from ingestion.submissions.drafts import recognised
from iocmarket.indicators.threats import ThreatType
from iocmarket.indicators.types.base import Canonical
from iocmarket.kernel.decision import Refusal

MOST = 300
"""Candidates of one archive: more is no choice that a person makes."""
KEPT: Final = 5000
"""Distinct values that are ranked; what comes after them is only counted where it is known already."""
TEXT_MAX: Final = 20_000
"""Characters of a command that are searched for addresses."""
PLACES: Final = 3
"""Artefacts that a candidate names."""
Record = Mapping[str, Any]

WHY: dict[str, Promise] = {
    "suspicious_file": _("A program or script that was collected"),
    "yara": _("A rule of YARA matches the file"),
    "in_file": _("Among the strings of a collected program or script"),
    "in_command": _("In a command that stands out"),
    "connection": _("The other side of a connection"),
    "connection_of_file": _("The other side of a connection of a collected program"),
    "query": _("A name that a program asked for"),
    "powershell": _("A command or script of PowerShell that stands out"),
    "persistence": _("It comes back with the machine or with a logon"),
}
"""Why a value is proposed, the first that applies the strongest."""
_SCORES: Final = {
    "yara": 100, "suspicious_file": 90, "in_file": 85, "connection_of_file": 80, "in_command": 75, "persistence": 65,
    "powershell": 60, "connection": 45, "query": 30,
}  # fmt: skip
_THREATS: Final = {
    "yara": ThreatType.MALWARE, "suspicious_file": ThreatType.MALWARE, "persistence": ThreatType.MALWARE,
    "powershell": ThreatType.MALWARE,
}  # fmt: skip
_COMMANDS: Final = frozenset({"executed-command", "executed-script-block", "executed-pipeline"})


class Found(NamedTuple):
    """One value as one record offers it."""

    type: str
    text: str
    why: str


@dataclass(slots=True, kw_only=True)
class Candidate:
    """A value, why it stands out, and where it was met."""

    type: str
    value: str
    canonical: Canonical | None
    refusal: Refusal | None
    why: str
    count: int = 0
    first: datetime | None = None
    """The instants of the first and the last record that has one."""
    last: datetime | None = None
    datasets: set[str] = field(default_factory=set)
    artefacts: dict[str, None] = field(default_factory=dict)

    @property
    def score(self) -> int:
        """0–100: the order of the list, no verdict."""
        return _SCORES[self.why]

    @property
    def threat(self) -> str:
        """The threat type that is proposed."""
        return _THREATS.get(self.why, ThreatType.C2).value


def candidates(records: Iterable[Record], *, suspects: Iterable[str] = ()) -> list[Candidate]:
    """The best of them, at most MOST. `suspects`: names of collected programs, whose connections stand out."""
    names = frozenset(name.lower() for name in suspects)
    held: dict[tuple[str, str], Candidate] = {}
    known: dict[tuple[str, str], tuple[str, str]] = {}
    for record in records:
        for found in _of(record, names):
            key = found.type, found.text
            if key not in known:
                if len(held) >= KEPT:
                    continue
                candidate = _read(found)
                known[key] = (candidate.type, candidate.value)
                held.setdefault(known[key], candidate)
            _count(held[known[key]], found, record)
    return heapq.nsmallest(MOST, held.values(), key=lambda one: (-one.score, -one.count, one.type, one.value))


def _read(found: Found) -> Candidate:
    try:
        sure = recognised(found.text, found.type or None)
    except Refusal as refusal:
        return Candidate(
            type=found.type, value=found.text[:200], canonical=None, refusal=refusal, why=found.why
        )  # fmt: skip
    return Candidate(
        type=sure.type.name, value=sure.canonical.value, canonical=sure.canonical, refusal=None,
        why=found.why,
    )  # fmt: skip


def _count(candidate: Candidate, found: Found, record: Record) -> None:
    candidate.count += 1
    if _SCORES[found.why] > candidate.score:
        candidate.why = found.why
    if dataset := record.get("event.dataset"):
        candidate.datasets.add(dataset)
    if len(candidate.artefacts) < PLACES and (path := record.get("iocmarket.artifact_path")):
        candidate.artefacts[path] = None
    if stamp := record.get("@timestamp"):
        candidate.first = min(candidate.first or stamp, stamp)
        candidate.last = max(candidate.last or stamp, stamp)


def _of(record: Record, suspects: frozenset[str]) -> Iterator[Found]:
    """What one record offers, by its dataset."""
    dataset = record.get("event.dataset")
    if dataset == "file.suspicious":
        yield from _suspicious(record)
    elif dataset == "detection.yara":
        yield from _named(record, "yara")
    elif dataset in {"live.network", "windows.evtx"}:
        yield from _network(record, suspects)
    if dataset == "windows.evtx" and record.get("event.action") in _COMMANDS:
        yield from _command(record, "powershell")
    elif "unusual" in (record.get("tags") or ()):
        yield from _command(record, "persistence")


def _named(record: Record, why: str) -> Iterator[Found]:
    for column, name in (("file.hash.sha256", "sha256"), ("file.name", "filename")):
        if text := record.get(column):
            yield Found(name, text, why)


def _suspicious(record: Record) -> Iterator[Found]:
    if record.get("event.action") != "contains":
        yield from _named(record, "suspicious_file")
        return
    kinds = record.get("tags") or ()
    if kinds and kinds[0] in _FROM_STRINGS and (text := record.get("event.original")):
        yield Found(kinds[0], text, "in_file")


_FROM_STRINGS: Final = frozenset({"ipv4", "ipv6", "domain", "hostname", "url", "email-address", "onion", "ip-port"})


def _network(record: Record, suspects: frozenset[str]) -> Iterator[Found]:
    program = str(record.get("process.name") or "").lower()
    if address := record.get("destination.ip"):
        yield Found("ipv6" if ":" in address else "ipv4", address, _by(program, suspects))
    if name := record.get("dns.question.name"):
        yield Found("domain", name.rstrip("."), "query" if program not in suspects else "connection_of_file")


def _by(program: str, suspects: frozenset[str]) -> str:
    return "connection_of_file" if program and program in suspects else "connection"


def _command(record: Record, why: str) -> Iterator[Found]:
    """The command, what it is started by, and the addresses in it."""
    text = str(record.get("process.command_line") or "")[:TEXT_MAX]
    if why == "powershell" and not unusual(text):
        return
    if text and "\n" not in text:
        yield Found("command-line", text, why)
    if why == "persistence":
        if name := record.get("service.name"):
            yield Found("service-name", name, why)
        if task := _task(record):
            yield Found("scheduled-task", task, why)
    for candidate in read(text).candidates if text else ():
        if candidate.type in _FROM_STRINGS or (candidate.refusal and candidate.refusal.code in _SAID):
            value = candidate.canonical.value if candidate.canonical else candidate.raw
            yield Found(candidate.type or "", value, "in_command")


_SAID: Final = frozenset({"reserved_name", "unknown_tld"})
"""Addresses that are no indicator but look like one: they are told with the reason, not dropped."""


def _task(record: Record) -> str:
    """The name of a task, which is the record's key; a file of the machine says no more than it."""
    if record.get("event.dataset") != "windows.scheduled_task":
        return ""
    return str(record.get("iocmarket.offset_or_record") or "").rpartition("|")[0]
