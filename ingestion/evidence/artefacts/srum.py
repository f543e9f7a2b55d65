"""SRUM (SRUDB.dat): what each program sent, received, read and computed, hour by hour, for a month or two.

Tables and columns: J. Metz, "System Resource Usage Monitor (SRUM) database" (libyal/esedb-kb); kinds of identifiers:
dissect.database. Rows are dated when Windows wrote them, which is up to an hour after what they count.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

import orjson

from ingestion.evidence.artefacts.base import Artefact, Fault, Fields, Parser, Summary, parsers
from ingestion.evidence.containers.base import Item
from ingestion.evidence.moments import filetime, ole
from ingestion.evidence.places import name_of
from ingestion.evidence.sids import sid

ROWS_MAX: Final = 500_000
"""Rows of one table; Windows keeps some ten thousand."""
NAMES_MAX: Final = 100_000
"""Identifiers of programs and users; Windows keeps some thousand."""
NAMES_BYTES_MAX: Final = 64 << 20
"""Of all of them, which are held in memory."""
NAME_BYTES_MAX: Final = 2048
"""Of one of them, UTF-16: each row repeats it."""
_NAMES: Final = "SruDbIdMapTable"
_SERVICE, _SID = 1, 3
_MEDIA: Final = {6: "Ethernet", 23: "PPP", 71: "Wi-Fi", 131: "a tunnel", 243: "mobile GSM", 244: "mobile CDMA"}
"""Types of interfaces (IANA ifType), which are the upper 16 bits of a LUID."""
_SPACE: Final = re.compile(r"\s+")
_COMMON: Final = ("AutoIncId", "TimeStamp", "AppId", "UserId")
_LINK: Final = (*_COMMON, "InterfaceLuid", "L2ProfileId", "L2ProfileFlags")
_WORK: Final = ("BytesRead", "BytesWritten", "NumReadOperations", "NumWriteOperations", "NumberOfFlushes")

_Values = Mapping[str, int | None]


@dataclass(frozen=True, slots=True)
class _Kind:
    table: str
    name: str
    category: str
    columns: tuple[str, ...]
    said: Callable[[str, _Values], str]


@dataclass(slots=True)
class _Names:
    """What identifiers stand for: programs as (kind, text), users as SIDs."""

    programs: dict[int, tuple[int, str]] = field(default_factory=dict)
    users: dict[int, str] = field(default_factory=dict)


def _usage(who: str, values: _Values) -> str:
    sent, received = values.get("BytesSent") or 0, values.get("BytesRecvd") or 0
    return f"{who} sent {sent} bytes and received {received}{_over(values)}"


def _connection(_who: str, values: _Values) -> str:
    since = filetime(values.get("ConnectStartTime") or 0)
    begun = f" since {since:%Y-%m-%d %H:%M:%S} UTC" if since else ""
    return f"Connected for {values.get('ConnectedTime') or 0} seconds{begun}{_over(values)}"


def _work(who: str, values: _Values) -> str:
    front, behind = values.get("ForegroundCycleTime") or 0, values.get("BackgroundCycleTime") or 0
    read, written = (
        sum(values.get(f"{where}Bytes{what}") or 0 for where in ("Foreground", "Background"))
        for what in ("Read", "Written")
    )
    return f"{who} took {front} cycles in front and {behind} behind, read {read} bytes and wrote {written}"


def _over(values: _Values) -> str:
    medium = _MEDIA.get((values.get("InterfaceLuid") or 0) >> 48, "")
    return f" over {medium}" if medium else ""


_KINDS: Final = (
    _Kind("{973F5D5C-1D90-4944-BE8E-24B94231A174}", "network-usage", "network",
          (*_LINK, "BytesSent", "BytesRecvd"), _usage),
    _Kind("{DD6636C4-8929-4683-974E-22C046A43763}", "network-connection", "network",
          (*_LINK, "ConnectedTime", "ConnectStartTime"), _connection),
    _Kind("{D10CA2FE-6FCF-4F6D-848E-B2E99266FA89}", "program-usage", "process",
          (*_COMMON, "FaceTime", *(f"{where}{what}" for where in ("Foreground", "Background")
                                   for what in ("CycleTime", "ContextSwitches", *_WORK))), _work),
)  # fmt: skip


class Srum(Parser):
    """One record for each row of the network's and the programs' tables."""

    name: ClassVar[str] = "srum"
    version: ClassVar[str] = "1"
    datasets: ClassVar[tuple[str, ...]] = ("windows.srum",)
    library: ClassVar[str] = "dissect.database"

    def wants(self, item: Item, head: bytes) -> bool:
        """By its name: nothing in the head of an ESE database tells what it is for."""
        return bool(head) and item.path.rpartition("/")[2].lower() == "srudb.dat"

    def parse(self, artefact: Artefact) -> Iterator[Fields | Fault | Summary]:
        """The tables one after the other; a bad row or table is told, and the next one read."""
        from ingestion.evidence.ese import Database, UnreadableError  # noqa: PLC0415 (11 MB that few archives need)

        with artefact.item.file.open("rb") as file:
            try:
                database = Database(file)
            except UnreadableError as reason:
                yield Fault("header", str(reason))
                return
            if database.dirty:
                yield Fault("header", "the database was in use: its last changes are in its logs, which are not read")
            yield from _records(database)


def _records(database: Any) -> Iterator[Fields | Fault | Summary]:
    tables: dict[str, Any] = {}
    for found in database.tables({_NAMES, *(kind.table for kind in _KINDS)}):
        if isinstance(found, Fault):
            yield found
        else:
            tables[found.name] = found
    names, counts = _Names(), Counter[str]()
    if _NAMES in tables:
        yield from _named(database, tables[_NAMES], names)
    else:
        yield Fault(_NAMES, "there is no such table: programs and users are numbers")
    for kind in _KINDS:
        if kind.table in tables:
            yield from _rows(database, tables[kind.table], kind, names, counts)
    if not any(kind.table in tables for kind in _KINDS):
        yield Fault("catalogue", "it has none of the tables that are read")
    facts = {kind.name: counts[kind.name] for kind in _KINDS}
    yield Summary({**facts, "names": len(names.programs) + len(names.users), "dirty": database.dirty})


def _named(database: Any, table: Any, names: _Names) -> Iterator[Fault]:
    """Fill in what the identifiers stand for."""
    held = 0
    for at, row in enumerate(database.rows(table)):
        if at == NAMES_MAX or held > NAMES_BYTES_MAX:
            yield Fault(_NAMES, "it has more names than any real one: the rest is not read")
            return
        if isinstance(row, Fault):
            yield Fault(f"{_NAMES}, {row.where}", row.what)
            continue
        try:
            number, kind, blob = row.record.get("IdIndex"), row.record.get("IdType"), row.blob("IdBlob")
            held += len(blob)
            if len(blob) > NAME_BYTES_MAX:
                raise ValueError("it is longer than any real one")  # noqa: TRY301 (told below like the others)
            if number is None or not blob:
                continue
            if kind == _SID:
                names.users[int(number)] = sid(blob)
            else:
                names.programs[int(number)] = int(kind or 0), blob.decode("utf-16-le", "replace").rstrip("\0")
        except Exception as error:  # noqa: BLE001 (whatever the library raises)
            yield Fault(f"{_NAMES}, row {row.place}", f"it cannot be read: {str(error)[:200]}")


def _rows(database: Any, table: Any, kind: _Kind, names: _Names, counts: Counter[str]) -> Iterator[Fields | Fault]:
    columns = [name for name in kind.columns if name in table.column_names]
    for at, row in enumerate(database.rows(table)):
        if at == ROWS_MAX:
            yield Fault(kind.name, f"it has more than {ROWS_MAX} rows: the rest is not read")
            return
        if isinstance(row, Fault):
            yield Fault(f"{kind.name}, {row.where}", row.what)
            continue
        try:
            fields = _fields(kind, row.numbers(columns), names)
        except Exception as error:  # noqa: BLE001 (whatever the library raises)
            yield Fault(f"{kind.name}, row {row.place}", f"it cannot be read: {str(error)[:200]}")
            continue
        counts[kind.name] += 1
        yield {**fields, "_key": f"{kind.name}|{row.place}", "tags": ["deleted"] if row.deleted else []}


def _fields(kind: _Kind, values: dict[str, int | None], names: _Names) -> Fields:
    written, number = values.pop("TimeStamp", None), values.get("AppId")
    if written is None or number is None:
        raise ValueError("it has no time or no program")
    moment = ole(written)
    sort, text = names.programs.get(number, (0, ""))
    program = _program(sort, text)
    who = program.get("process.executable") or program.get("process.name") or program.get("service.name") or ""
    named = {} if text in program.values() else {"App": text}
    told = {**named, **{name: value for name, value in values.items() if value is not None}}
    return {
        "@timestamp": moment,
        "timestamp_desc": "usage written",
        "event.kind": "event" if moment else "state",
        "event.category": [kind.category],
        "event.type": ["info"],
        "event.action": kind.name,
        "event.original": orjson.dumps(told).decode(),
        "user.id": names.users.get(values.get("UserId") or 0, ""),
        "process.executable": program.get("process.executable", ""),
        "process.name": program.get("process.name", ""),
        "service.name": program.get("service.name", ""),
        "message": kind.said(_SPACE.sub(" ", who) or f"program {number}", values),
    }


def _program(sort: int, text: str) -> dict[str, str]:
    """`!!NAME!date!checksum!` of a program without a path, a path of devices, or the name of a service or package."""
    if text.startswith("!!"):
        return {"process.name": text[2:].partition("!")[0]}
    if "\\" in text:
        return {"process.executable": text, "process.name": name_of(text)}
    return {"service.name" if sort == _SERVICE else "process.name": text}


parsers.register(Srum())
