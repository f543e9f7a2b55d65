"""The reader of free text: a paste, a chat message, a mail body, a list of values.

Items are the values found, accepted or refused. In a list each line without one is an item too, with its reason; in
prose only what is unmistakably meant as a value is refused aloud, and the other lines are listed as being without one.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from dataclasses import dataclass, field
from typing import ClassVar

from ingestion.readers import credentials
from ingestion.readers.base import Candidate, Reader, Reading, readers, shown
from ingestion.readers.scan import Found, Known, places_in, read_value, scan
from ingestion.readers.shape import is_comment, is_heading, is_one_per_line, without_remark
from iocmarket.indicators.recognise import finder, near_miss
from iocmarket.indicators.refang import Refanged, refang_line

_BRACKET = re.compile(r"[\[\]]")
_REACH = 5
"""Lines around a password field that may belong to the same leaked account, or over which a label may wrap."""


@dataclass(slots=True)
class Line:
    """One line of a text."""

    number: int
    block: int
    """Lines of one block follow each other without a blank line."""
    content: Refanged
    """Without the remark that follows a value in a list."""
    typed: str
    found: list[Found] = field(default_factory=list)


@dataclass(slots=True)
class Examined:
    """The lines of a text by what they are."""

    lines: list[Line] = field(default_factory=list)
    comments: list[Line] = field(default_factory=list)
    """Those of a list; in prose they are lines like others."""
    one_per_line: bool = False
    aside: list[int] = field(default_factory=list)
    leaked: list[Candidate] = field(default_factory=list)


def read(text: str) -> Reading:
    """The candidates of a text. Never raises, whatever the text; linear in its length."""
    parts = examined(text)
    candidates = parts.leaked
    for line in parts.lines:
        items = items_of(line, one_per_line=parts.one_per_line)
        candidates += items
        if not items:
            parts.aside.append(line.number)
    candidates.sort(key=lambda candidate: candidate.line)
    return Reading(tuple(candidates), tuple(sorted(parts.aside)), parts.one_per_line)


def examined(text: str, *, comments: bool = False) -> Examined:
    """The lines of a text with what was found in them; `comments`: also in the comments of a list."""
    parts = _sorted(text)
    if credentials.may_name_password(text):
        _move_leaked_accounts(parts)
    noted = {line.number for line in parts.lines if is_comment(line.content.text)}
    parts.one_per_line = is_one_per_line([line.content.text for line in parts.lines if line.number not in noted])
    if parts.one_per_line:
        parts.aside += noted
        parts.comments = [line for line in parts.lines if line.number in noted]
        parts.lines = [line for line in parts.lines if line.number not in noted]
    _find(parts, [*parts.lines, *parts.comments] if comments else parts.lines)
    if parts.lines and not parts.lines[0].found and is_heading(parts.lines[0].content.text):
        parts.aside.append(parts.lines.pop(0).number)
    if parts.one_per_line:
        _believe_names(parts.lines)
    return parts


def _find(parts: Examined, lines: list[Line]) -> None:
    """Look for values in those lines, all at once: a line without the sign of any costs next to nothing."""
    within = finder()
    places = places_in("\n".join([line.content.text for line in lines]), within)
    places.append(sys.maxsize)
    first = last = offset = 0
    known: Known = {}
    for index, line in enumerate(lines):
        content = line.content
        after = offset + len(content.text) + 1
        while places[last] < after:
            last += 1
        if last > first or ":" in content.text or "|" in content.text:
            own = [place - offset for place in places[first:last]]
            closed = "[" in content.text and index < len(parts.lines) and _closes_later(parts.lines, index)
            line.found = scan(content, within, own, known, closed_later=closed)
        first, offset = last, after


def _closes_later(lines: list[Line], index: int) -> bool:
    """Whether a bracket that is open at the end of a line with a URL closes in a later line of the same block."""
    text = lines[index].content.text
    if "://" not in text or text.count("[") <= text.count("]"):
        return False
    for other in lines[index + 1 : index + 1 + _REACH]:
        if other.block != lines[index].block:
            break
        if (bracket := _BRACKET.search(other.content.text)) is not None:
            return bracket[0] == "]"
    return False


def _sorted(text: str) -> Examined:
    """Lines to scan, lines that are no items, and the rows of tables with a password column."""
    parts, block, heading = Examined(), 0, None
    lines = (text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text).split("\n")
    accounts, remarks = credentials.may_name_password(text), "#" in text
    for number, typed in enumerate(lines, start=1):
        if heading is not None and credentials.is_row(typed, heading):
            parts.leaked.append(_leak(number, credentials.blanked_row(typed, heading)))
            continue
        heading = typed if accounts and credentials.is_account_table(typed) else None
        if not typed or typed.isspace():
            block += 1
        elif heading is not None:
            parts.aside.append(number)
        else:
            parts.lines.append(Line(number, block, refang_line(without_remark(typed) if remarks else typed), typed))
    return parts


def _move_leaked_accounts(parts: Examined) -> None:
    """Take out the lines that describe a leaked account: a password field with a login field beside it."""
    leaked: set[int] = set()
    for index, line in enumerate(parts.lines):
        if credentials.is_password_field(line.content.text):
            near = [
                other for other in parts.lines[max(0, index - _REACH) : index + _REACH + 1] if other.block == line.block
            ]
            if any(credentials.is_login_field(other.content.text) for other in near):
                leaked.update(other.number for other in near)
    if leaked:
        parts.leaked += [
            _leak(line.number, credentials.redact_line(line.content.typed))
            for line in parts.lines
            if line.number in leaked
        ]
        parts.lines = [line for line in parts.lines if line.number not in leaked]


def _leak(number: int, blanked: str) -> Candidate:
    return Candidate(number, shown(blanked.strip()), refusal=credentials.refusal())


def _believe_names(lines: list[Line]) -> None:
    """Among names, a line that is nothing but `evil.sh` is a name too: the other lines are the evidence it lacks."""
    accepted = Counter(found.type for line in lines for found in line.found if found.canonical is not None)
    for line in lines:
        if len(line.found) != 1:
            continue
        only = line.found[0]
        doubtful = only.refusal is not None and only.refusal.code == "file_name"
        if doubtful and only.type is not None and accepted[only.type] > 1 and only.raw == line.content.typed.strip():
            line.found = [read_value(line.content, only.type, only.start, only.end, explicit=True)]


def items_of(line: Line, *, one_per_line: bool) -> list[Candidate]:
    """The items of one line: what was surely meant as a value, or for a list the reason why there is none."""
    told = [found for found in line.found if found.certain]
    if one_per_line and not told:
        told = line.found[:1]
    if one_per_line and not told:
        raw = credentials.redact_line(line.content.typed).strip()
        return [Candidate(line.number, shown(raw), refusal=near_miss(line.content.text))]
    return [candidate_of(line.number, found) for found in told]


def candidate_of(number: int, found: Found) -> Candidate:
    """The item that a match is."""
    name = None if found.type is None else found.type.name
    return Candidate(number, shown(found.raw), name, found.canonical, found.refusal)


class FreeText(Reader):
    """Plain text of any shape."""

    name: ClassVar[str] = "free-text"
    media_types: ClassVar[tuple[str, ...]] = ("text/plain",)

    def read(self, text: str) -> Reading:
        """See `read` of this module."""
        return read(text)


readers.register(FreeText())
