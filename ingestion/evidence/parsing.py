"""All artefacts of one opened archive, each with every parser that wants it: records out, one entry for each. Pure."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from ingestion.evidence.artefacts.base import HEAD_BYTES, Artefact, Context, Fault, Parser, parsers, recoverable
from ingestion.evidence.containers.base import Item, Opened
from ingestion.evidence.records import Recorder
from ingestion.evidence.unread import why
from ingestion.evidence.writing import Files, Full

FAULTS_KEPT = 1000
"""Faults of one artefact that are written out; the rest is counted."""
FAULTS_SHOWN = 20
"""Of those, in the manifest too."""
FAULT_LENGTH = 500
"""Characters of what a fault says."""
BEAT = 5_000
"""Records between two signs of life."""

Tell = Callable[[dict[str, Any]], None]


@dataclass(slots=True)
class Work:
    """One file and one parser that wants it; no parser when nobody does."""

    item: Item
    parser: Parser | None
    salt: str = ""
    state: str = "unparsed"
    """"parsed", "partial" (with faults), "failed" (faults and no record), "crashed" (took its process with it),
    "unparsed" (no parser wants it), "unread" (nor does any, but its one error says what it is), "duplicate" (the same
    file was collected twice)."""
    records: int = 0
    errors: int = 0
    shown: list[dict[str, str]] = field(default_factory=list)
    summary: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def key(self) -> str:
        """What names it from one run to the next."""
        return f"{self.parser.name if self.parser else ''}|{self.item.volume}|{self.item.path}|{self.item.sha256}"

    def entry(self) -> dict[str, Any]:
        """Its line in the manifest."""
        parser, item = self.parser, self.item
        return {
            "path": item.path, "volume": item.volume, "member": item.member, "size": item.size, "sha256": item.sha256,
            "parser": parser.name if parser else "", "parser_version": parser.version if parser else "",
            "library": parser.library if parser else "", "state": self.state, "records": self.records,
            "error_count": self.errors, "errors": self.shown, "summary": self.summary,
            "seconds": round(self.seconds, 3), "collected": dict(item.collected),
        }  # fmt: skip


def planned(opened: Opened) -> list[Work]:
    """What there is to do, in an order that depends on the files alone."""
    work: list[Work] = []
    places: dict[str, set[tuple[str, str]]] = {}
    for item in sorted(opened.items, key=lambda item: (item.volume, item.path, item.sha256, item.member)):
        seen = places.setdefault(item.sha256, set())
        place = (item.volume, item.path)
        if place in seen:
            work.append(Work(item, None, state="duplicate"))
            continue
        salt = f"{item.volume}|{item.path}" if seen else ""
        seen.add(place)
        work += [Work(item, parser, salt) for parser in _wanting(item)] or [Work(item, None)]
    return work


def _wanting(item: Item) -> Iterator[Parser]:
    with item.file.open("rb") as file:
        head = file.read(HEAD_BYTES)
    for parser in parsers:
        with suppress(Exception):  # as with `parse`: its contract is to raise nothing, and the rest must not pay
            if parser.wants(item, head):
                yield parser


def contexts(opened: Opened, base: Context) -> Callable[[Item], Context]:
    """The context of an item: what is known of the archive, and its siblings on the same volume."""
    places = {(item.volume, item.path.lower()): item for item in reversed(opened.items)}
    known = replace(base, layout=opened.layout, host=opened.host, os=opened.os)
    return lambda item: replace(known, siblings=lambda path: places.get((item.volume, path.lower())))


def parse_all(
    work: list[Work], context: Callable[[Item], Context], files: Files, *, skip: Collection[str], tell: Tell
) -> None:
    """Parse everything that is planned; what is in `skip` ended a process before and is left out."""
    for number, one in enumerate(work):
        if one.parser is None:
            _left(one, files)
            continue
        tell({"at": "parsing", "key": one.key, "path": one.item.path, "done": number, "of": len(work)})
        if one.key in skip:
            one.state = "crashed"
            _fault(one, Fault("", "reading it ended the process, by a fault of the library or beyond a limit"), files)
            continue
        began = time.monotonic()
        _parse(one, one.parser, Artefact(one.item, context(one.item)), files, tell)
        one.seconds = time.monotonic() - began


def _left(one: Work, files: Files) -> None:
    """Tell of what is known and not read."""
    with one.item.file.open("rb") as file:
        said = why(one.item, file.read(HEAD_BYTES)) if one.state == "unparsed" else ""
    if said:
        one.state = "unread"
        _fault(one, Fault("", said), files)


def _parse(one: Work, parser: Parser, artefact: Artefact, files: Files, tell: Tell) -> None:
    recorder = Recorder(artefact, parser, salt=one.salt)
    try:
        for found in parser.parse(artefact):
            if isinstance(found, dict):
                files.record(recorder.record(found))
                one.records += 1
                if one.records % BEAT == 0:
                    tell({"at": "parsing", "key": one.key, "records": one.records})
            elif isinstance(found, Fault):
                _fault(one, found, files)
            else:
                one.summary = dict(found.facts)
    except Full:
        raise  # no fault of the artefact
    except MemoryError:
        _fault(one, Fault("", "reading it takes more memory than one archive may"), files)
    except BaseException as error:
        if not recoverable(error):
            raise
        _fault(one, Fault("", f"the parser failed: {type(error).__name__}"), files)
    one.state = "parsed" if not one.errors else "partial" if one.records else "failed"


def _fault(one: Work, fault: Fault, files: Files) -> None:
    one.errors += 1
    if one.errors > FAULTS_KEPT:
        return
    said = {"where": fault.where[:FAULT_LENGTH], "what": fault.what[:FAULT_LENGTH]}
    if one.errors <= FAULTS_SHOWN:
        one.shown.append(said)
    name = one.parser.name if one.parser else ""
    files.error({"path": one.item.path, "volume": one.item.volume, "sha256": one.item.sha256, "parser": name, **said})
