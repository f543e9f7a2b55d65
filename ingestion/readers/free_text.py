"""The reader of free text: a paste, a chat message, a mail body, a list of values.

Items are the values found, accepted or refused. In a list each line without one is an item too, with its reason; in
prose only what is unmistakably meant as a value is refused aloud, and the other lines are listed as being without one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import ClassVar

from ingestion.readers import credentials
from ingestion.readers.base import Candidate, Reader, Reading, readers, shown
from ingestion.readers.lines import Lines, lines_of
from ingestion.readers.scan import Found, read_value, scan
from ingestion.readers.shape import is_comment, is_heading, is_one_per_line
from iocmarket.indicators.recognise import near_miss

_BRACKET = re.compile(r"[\[\]]")
_REACH = 5
"""Lines around a password field that may belong to the same leaked account, or over which a label may wrap."""


@dataclass(slots=True)
class Examined:
    """The lines of a text by what they are; lines by their index."""

    lines: Lines
    kept: list[int]
    """Those to account for."""
    comments: list[int] = field(default_factory=list)
    """Those of a list; in prose they are lines like others."""
    found: dict[int, list[Found]] = field(default_factory=dict)
    """The values of each line that has any."""
    one_per_line: bool = False
    aside: list[int] = field(default_factory=list)
    """Numbers of lines that are no items."""
    leaked: list[Candidate] = field(default_factory=list)


def read(text: str) -> Reading:
    """The candidates of a text. Never raises, whatever the text; linear in its length."""
    parts = examined(text)
    candidates = parts.leaked
    for index in parts.kept:
        if parts.one_per_line or index in parts.found:
            items = items_of(parts, index)
            candidates += items
            if items:
                continue
        parts.aside.append(index + 1)
    candidates.sort(key=lambda candidate: candidate.line)
    return Reading(tuple(candidates), tuple(sorted(parts.aside)), parts.one_per_line)


def examined(text: str, *, comments: bool = False) -> Examined:
    """The lines of a text with what was found in them; `comments`: also in the comments of a list."""
    parts = _sorted(text)
    lines, kept = parts.lines, parts.kept
    noted = [index for index in kept if is_comment(lines.content[index])]
    if noted:
        among = set(noted)
        others = [index for index in kept if index not in among]
        parts.one_per_line = is_one_per_line([lines.content[index] for index in others])
    else:
        parts.one_per_line = is_one_per_line([lines.content[index] for index in kept])
    if parts.one_per_line and noted:
        parts.aside += [index + 1 for index in noted]
        parts.comments, parts.kept = noted, others
    _find(parts, comments=comments)
    if parts.kept and parts.kept[0] not in parts.found and is_heading(lines.content[parts.kept[0]]):
        parts.aside.append(parts.kept.pop(0) + 1)
    if parts.one_per_line:
        _believe_names(parts)
    return parts


def _find(parts: Examined, *, comments: bool) -> None:
    """Look for values in all lines at once."""
    lines, skipped, closed_later = parts.lines, frozenset[int](), None
    if parts.leaked or (parts.comments and not comments):
        skipped = frozenset(range(len(lines.typed))).difference(parts.kept, parts.comments if comments else ())
    if "[" in lines.text and "://" in lines.text:
        present = frozenset(parts.kept)

        def closed_later(index: int) -> bool:
            return index in present and _closes_later(lines, present, index)

    parts.found = scan(lines, skipped, closed_later)


def _closes_later(lines: Lines, present: frozenset[int], index: int) -> bool:
    """Whether a bracket that is open at the end of a line with a URL closes in a later line of the same block."""
    text = lines.content[index]
    if "://" not in text or text.count("[") <= text.count("]"):
        return False
    left = _REACH
    for other in range(index + 1, len(lines.content)):
        if other not in present:
            if lines.typed[other] and not lines.typed[other].isspace():
                continue
            break
        if (bracket := _BRACKET.search(lines.content[other])) is not None:
            return bracket[0] == "]"
        left -= 1
        if not left:
            break
    return False


def _sorted(text: str) -> Examined:
    """Lines to scan, lines that are no items, and what describes leaked accounts."""
    if not credentials.may_name_password(text):
        lines = Lines(text)
        return Examined(lines, [index for index, line in enumerate(lines.typed) if line and not line.isspace()])
    rows, headings = _leaked_rows(lines_of(text))
    gone = {*rows, *headings}
    lines = Lines(text, gone)
    kept = [index for index, line in enumerate(lines.typed) if line and not line.isspace() and index not in gone]
    parts = Examined(lines, kept, aside=[index + 1 for index in headings])
    parts.leaked = [_leak(index + 1, blanked) for index, blanked in rows.items()]
    _move_leaked_accounts(parts)
    return parts


def _leaked_rows(lines: Iterable[str]) -> tuple[dict[int, str], list[int]]:
    """The rows of tables with a password column, blanked, and the headings of these tables."""
    rows, headings, heading = dict[int, str](), list[int](), None
    for index, typed in enumerate(lines):
        if heading is not None and credentials.is_row(typed, heading):
            rows[index] = credentials.blanked_row(typed, heading)
            continue
        heading = typed if credentials.is_account_table(typed) else None
        if heading is not None and not typed.isspace():
            headings.append(index)
    return rows, headings


def _move_leaked_accounts(parts: Examined) -> None:
    """Take out the lines that describe a leaked account: a password field with a login field beside it."""
    lines, kept, leaked = parts.lines, parts.kept, set[int]()
    for at, index in enumerate(kept):
        if credentials.is_password_field(lines.content[index]):
            block = lines.block(index)
            near = [other for other in kept[max(0, at - _REACH) : at + _REACH + 1] if lines.block(other) == block]
            if any(credentials.is_login_field(lines.content[other]) for other in near):
                leaked.update(near)
    if leaked:
        parts.leaked += [
            _leak(index + 1, credentials.redact_line(lines.cut[index])) for index in kept if index in leaked
        ]
        parts.kept = [index for index in kept if index not in leaked]


def _leak(number: int, blanked: str) -> Candidate:
    return Candidate(number, shown(blanked.strip()), refusal=credentials.refusal())


def _believe_names(parts: Examined) -> None:
    """Among names, a line that is nothing but `evil.sh` is a name too: the other lines are the evidence it lacks."""
    kept = [index for index in parts.kept if index in parts.found]
    accepted = Counter(found.type for index in kept for found in parts.found[index] if found.canonical is not None)
    for index in kept:
        if len(parts.found[index]) != 1:
            continue
        only = parts.found[index][0]
        doubtful = only.refusal is not None and only.refusal.code == "file_name"
        if (
            doubtful
            and only.type is not None
            and accepted[only.type] > 1
            and only.raw == parts.lines.cut[index].strip()
        ):
            parts.found[index] = [read_value(parts.lines, index, only.type, only.start, only.end, explicit=True)]


def items_of(parts: Examined, index: int) -> list[Candidate]:
    """The items of one line: what was surely meant as a value, or for a list the reason why there is none."""
    found = parts.found.get(index, [])
    told = [each for each in found if each.certain]
    if parts.one_per_line and not told:
        told = found[:1]
    if parts.one_per_line and not told:
        raw = credentials.redact_line(parts.lines.cut[index]).strip()
        return [Candidate(index + 1, shown(raw), refusal=near_miss(parts.lines.content[index]))]
    return [candidate_of(index + 1, each) for each in told]


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
