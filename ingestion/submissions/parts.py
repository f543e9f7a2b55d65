"""The parts of a long submission as they lie in the database: compressed JSON, one short list an item. Pure.

An entry is what was said of one item, before anybody asked what it is, or what a reader of text found already:

    ["said", line, {"value": …, "tlp": …}]
    ["read", line, input, type, value, subtree, warnings]
    ["read", line, input, type, value, subtree, warnings, {"tlp": …}]
    ["read", line, input, type, value, subtree, warnings, {"tlp": …}, story]
    ["refused", line, input, type, code, detail]

Nothing in it is secret any more: passwords were blanked before it was written.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

import orjson

from ingestion.readers.base import Candidate, Row, shown
from ingestion.readers.credentials import redact, redact_value
from ingestion.submissions.choices import NAMES, Choices, read_choices
from ingestion.submissions.drafts import Draft, check_value, draft_of, said_of
from iocmarket.indicators.types.base import Canonical
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.marking import TLP

Entry = list[Any]
SIZE = 2000
"""Items of one part: what one transaction merges (domain.md, Durability)."""
RED_IN_LONG = "TLP:RED is told in submissions of at most 500 items"
SECRETIVE = ("value", "comment")
"""Fields in which people paste passwords; the others are words of a list, or are refused."""


def packed(entries: list[Entry]) -> bytes:
    """As a part is stored."""
    return zlib.compress(orjson.dumps(entries), 1)


def unpacked(body: bytes | memoryview) -> list[Entry]:
    """The entries of a stored part."""
    found: list[Entry] = orjson.loads(zlib.decompress(body))
    return found


def in_parts(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """The entries in pieces of SIZE, in their order."""
    waiting = iter(entries)
    while piece := list(islice(waiting, SIZE)):
        yield piece


def packed_text(text: str) -> bytes:
    """As a piece of text is stored."""
    return zlib.compress(text.encode(), 1)


def unpacked_text(body: bytes | memoryview) -> str:
    """A stored piece of text."""
    return zlib.decompress(body).decode()


def entry_of_row(row: Row) -> Entry:
    """What a file of rows says on one line."""
    refusal = row.refusal or _unknown_field(row.fields)
    if refusal is None:
        return ["said", row.line, _redacted(row.fields)]
    raw = row.raw or shown(redact(orjson.dumps(row.fields).decode()))
    return ["refused", row.line, raw, "", refusal.code, refusal.detail]


def _unknown_field(fields: Mapping[str, Any]) -> Refusal | None:
    """What nobody asked for is not kept: it might be a password."""
    for name in fields:
        if name not in _FIELDS:
            return Refusal("unknown_field", f"{name[:60]!r} is not a field of a statement")
    return None


_FIELDS = NAMES | {"value", "type"}


def entry_of_item(item: Any, index: int) -> Entry:
    """One element of a document's `indicators`, which has been checked."""
    return ["said", index + 1, _redacted({"value": item} if isinstance(item, str) else item)]


def entry_of_draft(draft: Draft) -> Entry:
    """What the reader of text found at one place, and what the words around it say."""
    found = draft.canonical
    if found is None:
        code, detail = (draft.refusal.code, draft.refusal.detail) if draft.refusal else ("", "")
        return ["refused", draft.line, draft.input, draft.type, code, detail]
    held = ["read", draft.line, draft.input, draft.type, found.value, found.subtree, list(found.warnings)]
    return [*held, _redacted(draft.said)] if draft.said else held


def entry_of_candidate(candidate: Candidate, said: Mapping[str, Any], story: int | None = None) -> Entry:
    """What a reader of statements found: a value, what its author says of it, and in which of several reports."""
    found = candidate.canonical
    if found is None:
        code, detail = (candidate.refusal.code, candidate.refusal.detail) if candidate.refusal else ("", "")
        return ["refused", candidate.line, candidate.raw, candidate.type or "", code, detail]
    held = [candidate.line, candidate.raw, candidate.type or "", found.value, found.subtree, list(found.warnings)]
    return ["read", *held, _redacted(said), *([] if story is None else [story])]


def _redacted(fields: Mapping[str, Any]) -> dict[str, Any]:
    held = dict(fields)
    for name in SECRETIVE:
        if isinstance(held.get(name), str):
            held[name] = redact_value(held[name])
    return held


def drafts_of(entries: Iterable[Entry], *, first: int, choices: Choices, long: bool = True) -> tuple[Draft, ...]:
    """The drafts of a part whose first item has that index; what cannot be taken is refused item by item.

    TLP:RED, which is told by one person to others, is refused in a `long` submission: the worker is nobody.
    """
    read = _Reading(choices, long=long)
    return tuple(read.draft(entry, index) for index, entry in enumerate(entries, start=first))


class _Reading:
    """Reads entries; most items of a file say the same, which is understood once."""

    def __init__(self, choices: Choices, *, long: bool) -> None:
        self._base = choices
        self._long = long
        self._understood: dict[bytes, Choices | Refusal] = {}

    def draft(self, entry: Entry, index: int) -> Draft:
        kind, line = entry[0], entry[1]
        if kind == "said":
            return self._said(entry[2], index, line)
        _kind, _line, raw, type_name, *rest = entry
        canonical: Canonical | None = None
        refusal: Refusal | None = None
        choices, story = self._base, None
        if kind == "read":
            value, subtree, warnings, *said = rest
            story = said[1] if len(said) > 1 else None
            try:
                choices = self._understood_of(said[0]) if said else choices
                canonical = Canonical(value, subtree, tuple(warnings))
            except Refusal as refused:
                refusal = refused
        else:
            code, detail = rest
            refusal = Refusal(code, detail)
        return Draft(
            index=index, line=line, input=raw, type=type_name, canonical=canonical, refusal=refusal, choices=choices,
            story=story,
        )  # fmt: skip

    def _said(self, fields: Mapping[str, Any], index: int, line: int) -> Draft:
        try:
            check_value(fields, where="")
            return draft_of(fields, index=index, line=line, choices=self._choices(fields))
        except Refusal as refusal:
            return self._refused(fields, index, line, refusal)

    def _choices(self, fields: Mapping[str, Any]) -> Choices:
        return self._base if len(fields) == 1 else self._understood_of(said_of(fields))

    def _understood_of(self, said: Mapping[str, Any]) -> Choices:
        key = orjson.dumps(said)
        found = self._understood.get(key)
        if found is None:
            try:
                found = read_choices(said, base=self._base, where="", own=True)
            except Refusal as refusal:
                found = refusal
            if self._long and isinstance(found, Choices) and found.tlp is TLP.RED:
                found = Refusal("red_in_long", RED_IN_LONG)
            self._understood[key] = found
        if isinstance(found, Refusal):
            raise found
        return found

    def _refused(self, fields: Mapping[str, Any], index: int, line: int, refusal: Refusal) -> Draft:
        value, type_name = fields.get("value"), fields.get("type")
        text = value if isinstance(value, str) else orjson.dumps(fields, default=str).decode()
        return Draft(
            index=index, line=line, input=shown(redact(text)), type=type_name if isinstance(type_name, str) else "",
            canonical=None, refusal=refusal, choices=self._base,
        )  # fmt: skip
