"""What infostealers stole: tables, `url:login:password` lines, blocks of a log, JSON of a vendor: of victims.

Passwords, paths of services, names of machines and addresses of victims are read past and kept nowhere: an account goes
on as its name, the host of its service and the day alone (`Stolen`), and never into an item. What accuses the thief — a
server of command, a panel, a hash of the program — is shared like any other value.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar
from urllib.parse import urlsplit

from ingestion.readers import credentials
from ingestion.readers.files import (
    MIB,
    FileContext,
    FileReader,
    Opened,
    Source,
    Stolen,
    Told,
    document_in,
    file_readers,
)
from ingestion.readers.telling import moment_of, told
from iocmarket.indicators.threats import ThreatType

LINE_MAX = 65_536
_SAID = {"threat_type": ThreatType.INFOSTEALER.value}
# Titles, keys and labels, without their spaces and signs, and what stands under them.
_MEANT = {
    "login": "account", "username": "account", "user": "account", "email": "account", "mail": "account",
    "identifiant": "account", "utilisateur": "account", "compte": "account", "account": "account",
    "password": "secret", "pass": "secret", "passwd": "secret", "pwd": "secret", "motdepasse": "secret",
    "mdp": "secret",
    "url": "service", "host": "service", "hostname": "service", "site": "service", "domain": "domain",
    "service": "service", "origin": "service", "application": "service", "soft": "", "browser": "", "profile": "",
    "date": "day", "datecompromised": "day", "datecompromission": "day", "compromised": "day", "infected": "day",
    "infectiondate": "day", "incidentdate": "day", "loggedat": "day", "dateuploaded": "",
    "c2": "thief", "cc": "thief", "c2url": "thief", "c2ip": "thief", "c2domain": "thief", "commandandcontrol": "thief",
    "panel": "thief", "panelurl": "thief", "malwarehash": "hash", "samplehash": "hash", "malwaresha256": "hash",
    "sha256": "hash", "md5": "hash", "buildhash": "hash",
}  # fmt: skip
_EDGES = re.compile(r"[\W_]+")
_LABELLED = re.compile(r"\s*(?P<label>[^\W\d_][\w /&-]{1,24}?)\s*[:=]\s(?P<value>.*)|\s*(?P<bare>[A-Za-z]{3,12}):$")
_GLUED = re.compile(
    r"(?P<service>https?://[^\s:/]+(?::\d{1,5}(?=/))?(?:/[^\s:]*)?):(?P<account>[^\s:]{1,254}):(?P<secret>\S+)",
    re.IGNORECASE,
)
_MAILBOX = re.compile(r"(?P<account>[\w.+%&'~-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+)[:;|,](?P<secret>\S+)")
_HOST = re.compile(r"[\w-]{1,63}(?:\.[\w-]{1,63})+")
_JSON = re.compile(rb'"(?:stealers|credentials|employeePasswords|computer_name|date_compromised)"\s*:', re.IGNORECASE)


class Stealer(FileReader):
    """A list of stolen accounts."""

    name: ClassVar[str] = "stealer"
    carriers: ClassVar[tuple[str, ...]] = ("text/csv", "text/plain", "application/json", "application/x-ndjson")
    size_max: ClassVar[int] = 64 * MIB

    def is_mine(self, head: bytes) -> bool:
        """The heading of a table of accounts, a first line that is one, or a vendor's keys."""
        text = head.decode("utf-8", "replace").lstrip("\ufeff \r\n\t")
        if text.startswith(("{", "[")):
            return _JSON.search(head) is not None and b'"password"' in head
        first = text.partition("\n")[0].rstrip("\r")
        return credentials.is_account_table(first) or _GLUED.fullmatch(first) is not None or _is_block(text)

    def opened(self, source: Source, context: FileContext) -> Opened:
        """Accounts and what accuses the thief. Raises Problem 400 for what is no text or no JSON."""
        lines = iter(source.lines())
        first = next((line for line in lines if line.strip()), "")
        if first.lstrip("\ufeff ").startswith(("{", "[")):
            return Opened(_of_document(document_in(source), context))
        return Opened(_of_lines(source.lines(), context))


def _is_block(text: str) -> bool:
    meant = [_labelled(line)[0] for line in text.splitlines()[:12]]
    return "secret" in meant and "account" in meant and "service" in meant


def _of_lines(lines: Iterable[str], context: FileContext) -> Iterator[Told | Stolen]:
    """Each line by itself, or under the heading of its table; labelled lines until one block is full."""
    heading: list[str] | None = None
    delimiter = ";"
    block: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        bare = line.strip().lstrip("\ufeff")[:LINE_MAX]
        if not bare:
            continue
        if credentials.is_account_table(bare):
            delimiter = next(sign for sign in ";,\t|" if len(bare.split(sign)) > 1)
            heading = [_meaning(title) for title in bare.split(delimiter)]
        elif heading is not None and delimiter in bare:
            yield from _of_row(bare, heading, delimiter, number, context)
        elif (match := _GLUED.fullmatch(bare) or _MAILBOX.fullmatch(bare)) is not None:
            yield from _of_fields(match.groupdict(), number, context)
        elif (found := _labelled(bare))[0]:
            block[found[0]] = found[1]
            if {"account", "secret"} <= set(block):
                yield from _of_fields(block, number, context)
                block = {}
            elif found[0] in {"thief", "hash"}:
                yield from _of_fields({found[0]: block.pop(found[0])}, number, context)
        elif credentials.holds_secret(bare):
            yield Stolen(number)


def _of_row(
    line: str, heading: list[str], delimiter: str, number: int, context: FileContext
) -> Iterator[Told | Stolen]:
    try:
        cells = next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        cells = []
    if len(cells) != len(heading):
        yield Stolen(number)  # askew: nobody can say which cell is the password
        return
    yield from _of_fields({name: cell for name, cell in zip(heading, cells, strict=True) if name}, number, context)


def _of_document(document: Any, context: FileContext) -> Iterator[Told | Stolen]:
    """Every object of a document that holds an account, in their order; the day may stand in one around it."""
    waiting: list[tuple[Any, str]] = [(document, "")]
    number = 0
    while waiting:
        node, day = waiting.pop()
        if isinstance(node, list):
            waiting += [(inner, day) for inner in reversed(node)]
            continue
        if not isinstance(node, dict):
            continue
        fields = {_meaning(name): value for name, value in node.items() if isinstance(value, str) and value.strip()}
        day = fields.get("day", day)
        if {"account", "secret", "thief", "hash"} & set(fields):
            number += 1
            yield from _of_fields({**fields, "day": day}, number, context)
        waiting += [(inner, day) for inner in reversed(node.values()) if isinstance(inner, (dict, list))]


def _of_fields(fields: Mapping[str, str | None], number: int, context: FileContext) -> Iterator[Told | Stolen]:
    thief, digest = (fields.get(name) or "" for name in ("thief", "hash"))
    for value in filter(None, (thief.strip(), digest.strip())):
        yield told(number, value, None, _SAID)
    account = (fields.get("account") or "").strip()
    if account or fields.get("secret"):
        day = moment_of((fields.get("day") or "").strip(), context.moment)
        yield Stolen(
            number, account[:254], _host(fields.get("service") or fields.get("domain") or ""), (day or "")[:10]
        )


def _host(service: str) -> str:
    """The host of a service and nothing else of its URL: the path and the query are the victim's."""
    try:
        host = urlsplit(service if "://" in service else f"//{service}").hostname or ""
    except ValueError:
        return ""
    return host[:253] if _HOST.fullmatch(host) else ""


def _labelled(line: str) -> tuple[str, str]:
    match = _LABELLED.fullmatch(line.strip())
    return ("", "") if match is None else (_meaning(match["label"] or match["bare"]), (match["value"] or "").strip())


def _meaning(title: str) -> str:
    return _MEANT.get(_EDGES.sub("", title).lower(), "")


file_readers.register(Stealer())
