"""The master file table of NTFS ($MFT), by the Rust library mft."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, ClassVar

import mft
import orjson

from ingestion.evidence.artefacts.base import Artefact, Fault, Fields, Parser, Summary, parsers, recoverable
from ingestion.evidence.containers.base import Item
from ingestion.evidence.places import name_of, path_on
from ingestion.evidence.records import instant

_STANDARD, _NAME = 0x10, 0x30
ENTRY_BYTES_MIN = 1024
"""Of any entry: what there are more of is made up by the library at a broken end."""
FAULTS_IN_A_ROW_MAX = 2000
"""Then nothing good is expected of the rest."""
_EPOCH = 1601
"""The year of an instant of zero."""


class Mft(Parser):
    """One record for each entry, in use or not; the instant is that of the last change of its content."""

    name: ClassVar[str] = "mft"
    version: ClassVar[str] = "1"
    datasets: ClassVar[tuple[str, ...]] = ("ntfs.mft",)
    library: ClassVar[str] = "mft 0.7"

    def wants(self, item: Item, head: bytes) -> bool:
        """By the sign of its first entry and its name, or by that of its second entry too."""
        if not head.startswith((b"FILE", b"BAAD")):
            return False
        return item.path.lower().endswith("$mft") or head[1024:1028] in {b"FILE", b"BAAD"}

    def parse(self, artefact: Artefact) -> Iterator[Fields | Fault | Summary]:
        """Entries that cannot be read are faults."""
        count = bad = 0
        try:
            entries = iter(mft.PyMftParser(str(artefact.item.file)).entries())
        except BaseException as error:
            if not recoverable(error):
                raise
            yield Fault("entry 0", _said(error))
            return
        number = -1
        most = artefact.item.size // ENTRY_BYTES_MIN + 1
        while bad < FAULTS_IN_A_ROW_MAX and number < most:
            number += 1
            try:
                entry = next(entries)
                fields = _entry(entry, number, artefact.item.volume)  # an error that is given instead has no attributes
            except StopIteration:
                break
            except BaseException as error:
                if not recoverable(error):
                    raise
                bad += 1
                yield Fault(f"entry {number}", _said(error))
                continue
            count, bad = count + 1, 0
            yield fields
        yield Summary({"entries": count})


def _said(error: BaseException) -> str:
    return f"the entry cannot be read: {str(error)[:200]}"


def _entry(entry: Any, number: int, volume: str) -> Fields:
    standard, name = None, None
    streams = []
    for attribute in entry.attributes():
        if isinstance(attribute, BaseException):
            continue
        if attribute.type_code == _STANDARD:
            standard = standard or attribute.attribute_content
        elif attribute.type_code == _NAME:
            content = attribute.attribute_content
            if content is not None and (name is None or str(content.namespace) != "DOS"):
                name = content
        elif attribute.type_code == 0x80 and attribute.name:
            streams.append(attribute.name)
    path = path_on(volume, entry.full_path or "")
    allocated = "ALLOCATED" in str(entry.flags)
    folder = "INDEX_PRESENT" in str(entry.flags)
    changed = _moment(standard, "modified") or _moment(name, "modified")
    details = {
        "entry": entry.entry_id, "sequence": entry.sequence, "flags": str(entry.flags), "streams": streams,
        "standard_information": _instants(standard), "file_name": _instants(name),
    }  # fmt: skip
    tags = [tag for tag, holds in (("deleted", not allocated), ("directory", folder)) if holds]
    return {
        "_key": number,
        "@timestamp": changed,
        "timestamp_desc": "content modified",
        "event.kind": "event" if changed else "state",
        "event.category": ["file"],
        "event.type": ["info"],
        "file.path": path,
        "file.name": name_of(path),
        "file.size": entry.file_size,
        "winlog.event_data": orjson.dumps(details).decode(),
        "tags": tags,
        "message": f"{'' if allocated else 'deleted: '}{path} ({entry.file_size} bytes, entry {entry.entry_id})",
    }


def _moment(content: Any, which: str) -> datetime | None:
    moment = getattr(content, which, None)
    return moment if isinstance(moment, datetime) and moment.year > _EPOCH else None


def _instants(content: Any) -> dict[str, str]:
    """Created, modified, entry modified and accessed, of one attribute."""
    found = {which: _moment(content, which) for which in ("created", "modified", "mft_modified", "accessed")}
    return {which: instant(moment) for which, moment in found.items() if moment}


parsers.register(Mft())
