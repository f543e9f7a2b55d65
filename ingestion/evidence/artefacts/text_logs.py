"""Text logs of servers: IIS (W3C extended), Apache and nginx (common, combined), and sshd's log of logins."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import ClassVar

from ingestion.evidence.artefacts.base import Artefact, Fault, Fields, Parser, Summary, parsers
from ingestion.evidence.containers.base import Item
from ingestion.evidence.moments import written
from ingestion.evidence.tables import beginning, lines, number_of

_ACCESS = re.compile(
    r"(?P<ip>[0-9A-Fa-f.:]{3,45}) \S+ (?P<user>\S+) \[(?P<moment>\d{2}/[A-Z][a-z]{2}/\d{4}(?::\d{2}){3} [+-]\d{4})\] "
    r'"(?P<method>[A-Z]{3,10}) (?P<url>\S+)[^"]*" (?P<status>\d{3}) '
)
_AUTH = re.compile(
    r"(?P<moment>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT\S+) (?P<host>\S+) "
    r"sshd(?:-session)?\[(?P<pid>\d+)\]: (?P<what>.*)"
)
_LOGIN = re.compile(
    r"(?P<how>Accepted|Failed) (?P<method>\S+) for (?:invalid user )?(?P<user>\S*) from (?P<ip>\S+) port (?P<port>\d+)"
)
_INVALID = re.compile(r"Invalid user (?P<user>\S*) from (?P<ip>\S+)(?: port (?P<port>\d+))?")
_MONTHS = {
    m: n
    for n, m in enumerate(["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"], start=1)
}
LINES_LOOKED_AT = 30


class TextLogs(Parser):
    """One record for each line; `log.web` or `log.auth`."""

    name: ClassVar[str] = "text_logs"
    version: ClassVar[str] = "1"
    datasets: ClassVar[tuple[str, ...]] = ("log.web", "log.auth")
    library: ClassVar[str] = "own"

    def wants(self, item: Item, head: bytes) -> bool:  # noqa: ARG002 (its lines say enough)
        """By the form of one of its first lines."""
        text = beginning(head).splitlines()[:LINES_LOOKED_AT]
        return any(line.startswith("#Fields: ") or _ACCESS.match(line) or _AUTH.match(line) for line in text)

    def parse(self, artefact: Artefact) -> Iterator[Fields | Fault | Summary]:
        """Lines of another form are counted, not faults: such logs hold many. A year that is not said is guessed."""
        names: list[str] = []
        other = 0
        year = _year(artefact)
        for number, line in lines(artefact.item.file):
            if line.startswith("#Fields: "):
                names = line.split()[1:]
            if not line.strip() or line.startswith("#"):
                continue
            fields = _iis(line, names) if names else _access(line) or _auth(line, year)
            if fields is None:
                other += 1
            else:
                yield {"event.original": line[:8192], "_key": number, **fields}
        yield Summary({"other_lines": other})


def _year(artefact: Artefact) -> int:
    """Of a log that says none: that of its file's last change as collected, else of this run."""
    said = (*artefact.item.collected.values(), artefact.context.ingested)
    return next((moment.year for text in said if (moment := written(text))), 1970)


def _iis(line: str, names: list[str]) -> Fields | None:
    row = dict(zip(names, line.split(), strict=False))
    moment = written(f"{row.get('date', '')}T{row.get('time', '')}")
    if moment is None:
        return None
    query = row.get("cs-uri-query", "-")
    url = row.get("cs-uri-stem", "") + (f"?{query}" if query != "-" else "")
    fields = _request(moment, row.get("c-ip", ""), row.get("cs-method", ""), url, row.get("sc-status", ""))
    fields["user.name"] = row.get("cs-username", "-").removeprefix("-")
    fields["destination.ip"], fields["destination.port"] = _ip(row.get("s-ip", "")), number_of(row.get("s-port", ""))
    return fields


def _access(line: str) -> Fields | None:
    if not (found := _ACCESS.match(line)):
        return None
    try:
        moment = datetime.strptime(found["moment"], "%d/%b/%Y:%H:%M:%S %z").astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    fields = _request(moment, found["ip"], found["method"], found["url"], found["status"])
    fields["user.name"] = found["user"].removeprefix("-")
    return fields


def _request(moment: datetime, ip: str, method: str, url: str, status: str) -> Fields:
    return {
        "@timestamp": moment, "timestamp_desc": "request served", "event.dataset": "log.web",
        "event.category": ["web"], "event.type": ["access"], "event.action": method.lower(), "event.code": status,
        "source.ip": _ip(ip), "url.full": url, "message": f"{ip} {method} {url} {status}",
    }  # fmt: skip


def _auth(line: str, year: int) -> Fields | None:
    found = _AUTH.match(line)
    moment = _moment(found["moment"], year) if found else None
    if not found or moment is None:
        return None
    fields: Fields = {
        "@timestamp": moment, "timestamp_desc": "logged", "event.dataset": "log.auth",
        "event.category": ["authentication"], "event.type": ["info"], "event.provider": "sshd",
        "process.name": "sshd", "process.pid": number_of(found["pid"]), "message": f"sshd: {found['what']}",
    }  # fmt: skip
    login = _LOGIN.match(found["what"]) or _INVALID.match(found["what"])
    if login:
        said = login.groupdict()
        accepted = said.get("how") == "Accepted"
        fields |= {
            "event.type": ["start"], "event.action": "logon" if accepted else "logon-failed",
            "user.name": login["user"], "source.ip": _ip(login["ip"]), "source.port": number_of(login["port"] or ""),
        }  # fmt: skip
    return fields


def _moment(text: str, year: int) -> datetime | None:
    if text[:1].isdigit():
        return written(text)
    month, day, clock = text.split()
    with suppress(KeyError, ValueError):
        hour, minute, second = (int(part) for part in clock.split(":"))
        return datetime(year, _MONTHS[month], int(day), hour, minute, second, tzinfo=UTC)
    return None


def _ip(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return ""


parsers.register(TextLogs())
