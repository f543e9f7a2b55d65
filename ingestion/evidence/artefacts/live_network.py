"""Connections and open ports as collectors list them: Velociraptor's Netstat, CSV, Tcpvcon, `netstat`, `ss`."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from typing import ClassVar

from ingestion.evidence.artefacts.base import Artefact, Fault, Fields, Parser, Summary, parsers
from ingestion.evidence.containers.base import Item
from ingestion.evidence.moments import written
from ingestion.evidence.tables import Row, beginning, columns, first_of, lines, number_of, rows

_LOCAL = ("laddrip", "localaddress", "localip", "laddr", "local")
_LOCAL_PORT = ("laddrport", "localport")
_REMOTE = ("raddrip", "remoteaddress", "remoteip", "foreignaddress", "raddr", "remote")
_REMOTE_PORT = ("raddrport", "remoteport", "foreignport")
_TRANSPORT = ("type", "protocol", "proto", "transport", "netid")
_STATE = ("status", "state")
_PID = ("pid", "processid", "owningprocess", "processpid")
_NAME = ("name", "process", "processname", "image")
_SEEN = ("timestamp", "createtime", "creationtime", "created", "createdtime")
# Windows: Proto, local, remote, state in the language of the machine (none for UDP), PID where it was asked for.
_WINDOWS = re.compile(
    r"\s*(?P<proto>TCP|UDP)\s+(?P<local>\S+:\S+)\s+(?P<remote>\S+:\S+)(?:\s+(?P<state>[^\W\d]\S*))?(?:\s+(?P<pid>\d+))?(?:\s+\S+)?\s*$"
)
_LINUX = re.compile(
    r"(?P<proto>tcp|udp)6?\s+\d+\s+\d+\s+(?P<local>\S+:\S+)\s+(?P<remote>\S+:\S+)(?:\s+(?P<state>[A-Z]\S+))?(?:\s+(?:\d+\s+\d+\s+)?(?P<pid>\d+)/(?P<name>\S+)|\s+-)?"
)
_SS = re.compile(
    r"(?P<proto>tcp|udp)\s+(?P<state>[A-Z]\S*)\s+\d+\s+\d+\s+(?P<local>\S+:\S+)\s+(?P<remote>\S+:\S+)(?:\s+users:\(\(\"(?P<name>[^\"]*)\",pid=(?P<pid>\d+))?"
)
_TCPVCON = re.compile(r"\s*\[?(?:TCP|UDP)(?:V6)?\]?,[^,]*,\d+,", re.IGNORECASE)
_OWNER = re.compile(r"\s*\[([^\[\]]+)\]\s*$")
_TCPVCON_COLUMNS = ("protocol", "process", "pid", "state", "local", "remote")
LINES_LOOKED_AT = 40


class LiveNetwork(Parser):
    """One record for each row: this machine is the source, the other side the destination."""

    name: ClassVar[str] = "live_network"
    version: ClassVar[str] = "1"
    datasets: ClassVar[tuple[str, ...]] = ("live.network",)
    library: ClassVar[str] = "own"

    def wants(self, item: Item, head: bytes) -> bool:  # noqa: ARG002 (its content says enough)
        """By its columns, or by lines of netstat, ss or Tcpvcon among its first."""
        found = columns(head)
        if found & {*_LOCAL} and found & {*_REMOTE}:
            return True
        text = beginning(head).splitlines()[:LINES_LOOKED_AT]
        return any(_TCPVCON.match(line) or _listed(line) for line in text)

    def parse(self, artefact: Artefact) -> Iterator[Fields | Fault | Summary]:
        """Of text, lines that are no connection are headings; of a table, rows without addresses are faults."""
        with artefact.item.file.open("rb") as file:
            table = columns(file.read(4096))
        for row in rows(artefact.item.file) if table & {*_LOCAL} and table & {*_REMOTE} else _text(artefact):
            if isinstance(row, Fault):
                yield row
            else:
                yield _connection(*row)


def _listed(line: str) -> Row | None:
    for pattern in (_WINDOWS, _SS, _LINUX):
        if found := pattern.match(line):
            return {name: value for name, value in found.groupdict().items() if value}
    return None


def _text(artefact: Artefact) -> Iterator[tuple[int, Row]]:
    held: tuple[int, Row] | None = None
    for number, line in lines(artefact.item.file):
        if held and (owner := _OWNER.match(line)):  # netstat -b names the program on a line of its own
            held[1].setdefault("name", owner[1])
        row = dict(zip(_TCPVCON_COLUMNS, line.split(","), strict=False)) if _TCPVCON.match(line) else _listed(line)
        if row is not None:
            if held:
                yield held
            held = number, row
    if held:
        yield held


def _connection(number: int, row: Row) -> Fields | Fault:
    local, local_port = _endpoint(first_of(row, *_LOCAL), first_of(row, *_LOCAL_PORT))
    remote, remote_port = _endpoint(first_of(row, *_REMOTE), first_of(row, *_REMOTE_PORT))
    if not local and local_port is None:
        return Fault(f"row {number}", "it has no local address")
    transport = first_of(row, *_TRANSPORT).strip("[]").lower().removesuffix("v6").rstrip("46")
    state, name = first_of(row, *_STATE), first_of(row, *_NAME)
    pid = number_of(first_of(row, *_PID))
    away = bool(remote) and not ipaddress.ip_address(remote).is_unspecified
    seen = written(first_of(row, *_SEEN))
    return {
        "_key": number,
        "@timestamp": seen,
        "timestamp_desc": "connection seen",
        "event.kind": "state",
        "event.category": ["network"],
        "event.type": ["connection" if away else "info"],
        "event.action": state.lower(),
        "source.ip": local,
        "source.port": local_port,
        "destination.ip": remote if away else "",
        "destination.port": remote_port if away else None,
        "network.transport": transport,
        "process.pid": pid,
        "process.name": name,
        "message": f"{name or '?'} ({'?' if pid is None else pid}) {transport} {local}:{local_port}"
        + (f" → {remote}:{remote_port}" if away else "")
        + (f" {state}" if state else ""),
    }


def _endpoint(address: str, port: str) -> tuple[str, int | None]:
    """`10.0.0.1` and a port, or both in one as `10.0.0.1:80`, `[::1]:80`, `:::80`, `*:68`; no name is taken for one."""
    if not port:
        address, _, port = address.rpartition(":")
    address = address.strip("[]").partition("%")[0]
    try:
        ip = str(ipaddress.ip_address("0.0.0.0" if address == "*" else address))  # noqa: S104 (read, not bound)
    except ValueError:
        ip = ""
    return ip, number_of(port)


parsers.register(LiveNetwork())
