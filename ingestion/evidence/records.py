"""The record: one flat object with keys of the Elastic Common Schema, the same columns in every dataset. Pure.

A parser says what it found (artefacts/base.py: `Fields`); here it becomes a whole record with its id, where it came
from, a message for people and an instant of one form. Keys without a value are left out of the JSON lines and null in
Parquet.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from ingestion.evidence.artefacts.base import Artefact, Fields, Parser

TEXT, TEXTS, NUMBER, INSTANT = "text", "texts", "number", "instant"
"""The types of columns: text, a list of texts, a 64-bit integer, RFC 3339 in UTC with microseconds and Z."""

COLUMNS: Final[dict[str, str]] = {
    "@timestamp": INSTANT,
    "timestamp_desc": TEXT,
    "event.id": TEXT,
    "event.kind": TEXT,
    "event.category": TEXTS,
    "event.type": TEXTS,
    "event.action": TEXT,
    "event.code": TEXT,
    "event.provider": TEXT,
    "event.dataset": TEXT,
    "event.module": TEXT,
    "event.ingested": INSTANT,
    "event.original": TEXT,
    "host.name": TEXT,
    "host.hostname": TEXT,
    "host.os.full": TEXT,
    "user.name": TEXT,
    "user.domain": TEXT,
    "user.id": TEXT,
    "source.ip": TEXT,
    "source.port": NUMBER,
    "destination.ip": TEXT,
    "destination.port": NUMBER,
    "network.transport": TEXT,
    "process.pid": NUMBER,
    "process.name": TEXT,
    "process.executable": TEXT,
    "process.command_line": TEXT,
    "process.parent.pid": NUMBER,
    "process.parent.name": TEXT,
    "process.hash.sha256": TEXT,
    "file.path": TEXT,
    "file.name": TEXT,
    "file.size": NUMBER,
    "file.hash.md5": TEXT,
    "file.hash.sha1": TEXT,
    "file.hash.sha256": TEXT,
    "registry.hive": TEXT,
    "registry.key": TEXT,
    "registry.value": TEXT,
    "registry.data.strings": TEXTS,
    "registry.data.type": TEXT,
    "service.name": TEXT,
    "winlog.channel": TEXT,
    "winlog.event_id": NUMBER,
    "winlog.record_id": NUMBER,
    "winlog.logon.type": TEXT,
    "winlog.provider_name": TEXT,
    "winlog.computer_name": TEXT,
    "winlog.event_data": TEXT,
    "threat.technique.id": TEXTS,
    "rule.name": TEXT,
    "rule.id": TEXT,
    "url.full": TEXT,
    "url.domain": TEXT,
    "dns.question.name": TEXT,
    "iocmarket.case_id": TEXT,
    "iocmarket.evidence_id": TEXT,
    "iocmarket.archive_sha256": TEXT,
    "iocmarket.artifact_path": TEXT,
    "iocmarket.artifact_sha256": TEXT,
    "iocmarket.offset_or_record": TEXT,
    "iocmarket.parser": TEXT,
    "iocmarket.parser_version": TEXT,
    "iocmarket.tlp": TEXT,
    "iocmarket.ioc_ids": TEXTS,
    "message": TEXT,
    "tags": TEXTS,
}
"""Every column in its order, with its type. Elastic's names; `iocmarket.*` says where a record came from."""

MESSAGE_MAX = 2000
"""Characters of a message; a longer one ends in an ellipsis."""
_RANK: Final = {name: rank for rank, name in enumerate(COLUMNS)}
_NOTHING: Final[tuple[Any, ...]] = (None, "", [])
_SHAPES_MAX = 4096
"""Kinds of records of one artefact of which the plan is kept."""
_DASHES = "0000-00-00T00:00:00.000000Z"


class Recorder:
    """Makes the records of one artefact; what they have in common is worked out once."""

    def __init__(self, artefact: Artefact, parser: Parser, *, salt: str = "") -> None:
        """`salt` sets apart the ids of a file that lies at a second place with the same content."""
        context, item = artefact.context, artefact.item
        common = {
            "event.kind": "event",
            "event.module": parser.name,
            "event.ingested": context.ingested,
            "host.name": context.host,
            "host.hostname": context.host.partition(".")[0],
            "host.os.full": context.os,
            "iocmarket.case_id": context.case_id,
            "iocmarket.evidence_id": context.evidence_id,
            "iocmarket.archive_sha256": context.archive_sha256,
            "iocmarket.artifact_path": item.path,
            "iocmarket.artifact_sha256": item.sha256,
            "iocmarket.parser": parser.name,
            "iocmarket.parser_version": parser.version,
            "iocmarket.tlp": context.tlp,
        }
        self._common: dict[str, Any] = {key: value for key, value in common.items() if value}
        self._dataset = parser.datasets[0]
        self._sha256 = item.sha256
        self._salt = f"|{salt}" if salt else ""
        self._shapes: dict[tuple[str, ...], _Shape] = {}

    def record(self, fields: Fields) -> dict[str, Any]:
        """The whole record, its columns in order. Raises KeyError without `_key`, ValueError for a wrong instant."""
        names = tuple(fields)
        blank, dropped, numbers = self._shapes.get(names) or self._shaped(names)
        whole = blank.copy()
        whole.update(fields)
        for name in dropped:
            del whole[name]
        key = str(fields["_key"])
        dataset = whole["event.dataset"]
        whole["event.id"] = event_id(self._sha256, dataset, key + self._salt)
        whole["iocmarket.offset_or_record"] = key
        stamp = whole["@timestamp"]
        if stamp is not None:
            whole["@timestamp"] = instant(stamp)
        message = whole["message"] or f"{dataset} {key}"
        whole["message"] = message if len(message) <= MESSAGE_MAX else message[: MESSAGE_MAX - 1] + "…"
        for name in numbers:
            if (number := whole[name]) is not None and not -(2**63) <= number < 2**63:
                whole[name] = None  # no column holds it; the artefact says what it likes
        return whole if all(whole.values()) else _without_blanks(whole)

    def _shaped(self, names: tuple[str, ...]) -> _Shape:
        """Records of one kind have the same names, and many are of one kind: worked out once, it is their mould."""
        common = {**dict.fromkeys((*_ALWAYS, *names)), **self._common, "event.dataset": self._dataset}
        blank = {name: common[name] for name in sorted(common.keys() & _RANK.keys(), key=_RANK.__getitem__)}
        dropped = tuple(name for name in names if name not in _RANK)
        shape = blank, dropped, tuple(name for name in names if COLUMNS.get(name) == NUMBER)
        if len(self._shapes) < _SHAPES_MAX:
            self._shapes[names] = shape
        return shape


_ALWAYS: Final = ("@timestamp", "event.id", "iocmarket.offset_or_record", "message")
"""What every record has, whatever its parser says."""
_Shape = tuple[dict[str, Any], tuple[str, ...], tuple[str, ...]]
"""The columns in their order with what all records of the artefact share; names that are no columns; the numbers."""


def _without_blanks(whole: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in whole.items() if key == "@timestamp" or value not in _NOTHING}


def record(fields: Fields, artefact: Artefact, parser: Parser) -> dict[str, Any]:
    """One whole record; for many of one artefact, make a `Recorder` once."""
    return Recorder(artefact, parser).record(fields)


def event_id(artifact_sha256: str, dataset: str, key: str) -> str:
    """The same for the same fact of the same file, on every run: fit for an index's `_id`."""
    said = f"{artifact_sha256}|{dataset}|{key}".encode("utf-8", "surrogatepass")
    return hashlib.sha256(said).hexdigest()[:32]


def instant(value: datetime | str) -> str:
    """RFC 3339 in UTC with six digits and Z. Text may have any offset; without one it is UTC. Raises ValueError."""
    if isinstance(value, str):
        if len(value) == len(_DASHES) and value[-1] == "Z" and value[10] == "T":  # as the EVTX library writes them
            return value
        value = datetime.fromisoformat(value)
    moment = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}Z" if moment.year >= 1000 else f"{moment.year:04}{moment:-%m-%dT%H:%M:%S.%f}Z"


def fit(fields: Mapping[str, Any]) -> list[str]:
    """The keys that no column has, or whose value is of another type: what the contract test asks."""
    fits = {TEXT: str, INSTANT: str, NUMBER: int}
    wrong = []
    for key, value in fields.items():
        kind = COLUMNS.get(key)
        if kind == TEXTS:
            good = isinstance(value, list) and all(isinstance(one, str) for one in value)
        else:
            good = kind is not None and isinstance(value, fits[kind]) and not isinstance(value, bool)
        if not (good or (key == "@timestamp" and value is None)):
            wrong.append(key)
    return wrong
