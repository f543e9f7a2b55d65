"""Programs and scripts that were collected: hashes, kind, rules of YARA that match, addresses among their strings."""

from __future__ import annotations

import functools
import hashlib
import io
import re
from collections.abc import Iterator
from typing import ClassVar

import puremagic
import yara_x

from ingestion.evidence.artefacts.base import HEAD_BYTES, Artefact, Fault, Fields, Parser, Summary, parsers, recoverable
from ingestion.evidence.containers.base import Item
from ingestion.evidence.places import machine_path, name_of
from ingestion.readers.free_text import read

_SIGNS = (b"MZ", b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"#!")
_ENDINGS = (
    ".exe", ".dll", ".sys", ".scr", ".com", ".cpl", ".ocx", ".msi", ".ps1", ".psm1", ".vbs", ".vbe", ".js", ".jse",
    ".wsf", ".wsh", ".hta", ".bat", ".cmd", ".jar", ".sh", ".py", ".pl", ".php", ".jsp", ".aspx", ".asp",
    ".docm", ".xlsm", ".pptm", ".xll", ".iso", ".img", ".chm",
)  # fmt: skip
_ASCII = re.compile(rb"[\x20-\x7e]{6,2000}")
_WIDE = re.compile(rb"(?:[\x20-\x7e]\0){6,2000}")
CHUNK = 1 << 20
STRINGS_BYTES = 8 << 20
"""Of a file's beginning that is searched for strings."""
TEXT_MAX = 1 << 20
"""Characters of strings that are searched for indicators: about a second."""
INDICATORS_MAX = 500
YARA_BYTES = 256 << 20
"""A longer file is not matched with rules: it would take minutes, and addresses that others need."""
YARA_SECONDS = 60
_FIELDS = {"url": "url.full", "domain": "url.domain", "ipv4": "destination.ip", "ipv6": "destination.ip"}


class SuspiciousFile(Parser):
    """One record for the file, one for each indicator in its strings, one for each rule that matches."""

    name: ClassVar[str] = "suspicious_file"
    version: ClassVar[str] = "1"
    datasets: ClassVar[tuple[str, ...]] = ("file.suspicious", "detection.yara")
    library: ClassVar[str] = "puremagic 1, yara-x 1"

    def wants(self, item: Item, head: bytes) -> bool:
        """By the signs of programs and scripts, or by a name that a machine would run."""
        return item.size > 0 and (head.startswith(_SIGNS) or item.path.lower().endswith(_ENDINGS))

    def parse(self, artefact: Artefact) -> Iterator[Fields | Fault | Summary]:
        """Never the whole file at once, but for rules."""
        item = artefact.item
        with item.file.open("rb") as file:
            head = file.read(HEAD_BYTES)
        kind = _kind(head)
        path = machine_path(item)
        about: Fields = {
            "@timestamp": None,
            "event.kind": "state",
            "event.category": ["file"],
            "event.type": ["info"],
            "file.path": path,
            "file.name": name_of(path),
            "file.size": item.size,
            "file.hash.sha256": item.sha256,
        }
        disguised = item.path.lower().endswith((".exe", ".dll", ".sys", ".scr")) and not head.startswith(b"MZ")
        yield {
            **about,
            **_hashes(artefact),
            "_key": "file",
            "event.action": "collected",
            "tags": ["no-program"] if disguised else [],
            "message": f"{path}: {kind}, {item.size} bytes, SHA-256 {item.sha256}",
        }
        yield from _indicators(artefact, about)
        yield from _matches(artefact, about)


def _kind(head: bytes) -> str:
    try:
        return puremagic.from_string(head, mime=True) or "data"
    except (puremagic.PureError, ValueError):
        return "text/plain" if b"\0" not in head else "data"


def _hashes(artefact: Artefact) -> Fields:
    md5, sha1 = hashlib.md5(usedforsecurity=False), hashlib.sha1(usedforsecurity=False)
    with artefact.item.file.open("rb") as file:
        while piece := file.read(CHUNK):
            md5.update(piece)
            sha1.update(piece)
    return {"file.hash.md5": md5.hexdigest(), "file.hash.sha1": sha1.hexdigest()}


def _strings(artefact: Artefact) -> str:
    """The printable strings of the file's beginning, a line each, of bytes and of UTF-16."""
    with artefact.item.file.open("rb") as file:
        data = file.read(STRINGS_BYTES)
    if b"\0" not in data[:HEAD_BYTES]:
        return data[:TEXT_MAX].decode("utf-8", "replace")
    found: dict[str, None] = {}
    length = 0
    for pattern, encoding in ((_WIDE, "utf-16-le"), (_ASCII, "ascii")):
        for match in pattern.finditer(data):
            text = match[0].decode(encoding)
            if text not in found and ("." in text or ":" in text or "@" in text):
                found[text] = None
                length += len(text) + 1
                if length > TEXT_MAX:
                    return "\n".join(found)
    return "\n".join(found)


def _indicators(artefact: Artefact, about: Fields) -> Iterator[Fields | Fault]:
    """What the extraction engine takes for indicators; passwords of its text are no candidates with a form."""
    seen = set()
    for candidate in read(_strings(artefact)).candidates:
        if candidate.type is None or candidate.canonical is None:
            continue
        value = candidate.canonical.value
        key = f"{candidate.type}|{value}"
        if key in seen or (candidate.type == "filename"):
            continue
        seen.add(key)
        if len(seen) > INDICATORS_MAX:
            yield Fault("strings", f"only the first {INDICATORS_MAX} indicators among its strings were kept")
            return
        fields = {**about, "_key": key, "event.action": "contains", "event.original": value, "tags": [candidate.type]}
        if column := _FIELDS.get(candidate.type):
            fields[column] = value
        yield {**fields, "message": f"{about['file.name']} contains the {candidate.type} {value}"}


@functools.lru_cache(maxsize=1)
def _rules(compiled: bytes) -> yara_x.Rules:
    return yara_x.Rules.deserialize_from(io.BytesIO(compiled))


def _matches(artefact: Artefact, about: Fields) -> Iterator[Fields | Fault]:
    compiled, item = artefact.context.yara_rules, artefact.item
    if not compiled:
        return
    if item.size > YARA_BYTES:
        yield Fault("rules", f"the file is longer than the {YARA_BYTES} bytes that rules are matched with")
        return
    try:
        scanner = yara_x.Scanner(_rules(compiled))
        scanner.set_timeout(YARA_SECONDS)
        found = scanner.scan_file(str(item.file)).matching_rules
    except BaseException as error:
        if not recoverable(error):
            raise
        yield Fault("rules", f"the rules could not be matched: {type(error).__name__}")
        return
    for rule in found:
        said = {key: str(value) for key, value in rule.metadata}
        yield {
            **about,
            "_key": f"yara|{rule.namespace}|{rule.identifier}",
            "event.kind": "alert",
            "event.dataset": "detection.yara",
            "rule.name": rule.identifier,
            "rule.id": said.get("id", ""),
            "tags": list(rule.tags),
            "message": f"{about['file.path']} matches the rule {rule.identifier}: {said.get('description', '')}".strip(
                ": "
            ),
        }


parsers.register(SuspiciousFile())
