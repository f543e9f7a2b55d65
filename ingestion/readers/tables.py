"""Tables of indicators in any file: which line is the heading, what each column is for, what a line says.

A table of others is read as far as its headings are known (ADR 0050): each value of a line is an item, what is said
goes with all of them, other columns are passed over and nothing of them is kept. A heading that may be a slip for one
that limits the sharing refuses the table, since a mistyped `tlp` must not become the default; so does a table of which
no column is known to hold values. Whoever knows better says what each column is for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ingestion.readers import cells as read
from ingestion.readers import credentials
from ingestion.readers.base import Row, shown
from ingestion.readers.headings import (
    ANY,
    JOINED,
    PASSED,
    UNKNOWN,
    VALUE,
    holds_values,
    is_known,
    is_role,
    may_limit,
    roles_of,
)
from ingestion.readers.labels import Labels, labels_of
from iocmarket.indicators.recognise import recognise
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.marking import TLP

PREAMBLE = 20
"""Lines above the heading (a title, comments) that are looked at."""
MOST_COLUMNS = 200

Cells = Sequence[str]
Line = tuple[int, Cells]
"""A line of a table: its number, the first being 1, and its cells."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What is known of a table before its lines are read."""

    titles: tuple[str, ...]
    """Empty for a table without a heading."""
    roles: tuple[str, ...]
    """What each column is for (headings.py)."""
    line: int = 1
    """Where the heading stands."""

    def fault(self) -> Refusal | None:
        """Why the table cannot be read so; None when it can."""
        where = f"line {self.line}"
        for title, role in zip(self.titles, self.roles, strict=False):
            if role == UNKNOWN and may_limit(title):
                detail = (
                    f"the column {title.strip()[:60]!r} is not known, and may limit the sharing: "
                    "name it as the API does, or begin its name with # to have it passed over"
                )
                return Refusal("unknown_column", detail, where=where)
        for role in dict.fromkeys(filter(None, self.roles)):
            if self.roles.count(role) > 1 and role != UNKNOWN and not holds_values(role) and role not in JOINED:
                return Refusal("duplicate_column", f"two columns mean {role}", where=where)
        if self.roles.count(VALUE) > 1 and "type" in self.roles:
            return Refusal("duplicate_column", "two columns hold the values of one type", where=where)
        if not any(map(holds_values, self.roles)):
            return Refusal("no_value_column", "no column has the values: name it value or valeur", where=where)
        return None


def is_heading(cells: Cells) -> bool:
    """Whether these are the headings of a table: one of them is known, and none is a value itself."""
    return any(map(is_known, cells)) and not any(map(_is_value, cells))


def layout_of(cells: Cells, line: int) -> Layout:
    """The layout under a heading, or of a table without one whose first line these are."""
    if is_heading(cells):
        return Layout(tuple(cells), roles_of(cells), line)
    if len(cells) == 1 or all(_is_value(cell) for cell in cells if cell.strip()):
        return Layout((), (VALUE,) if len(cells) == 1 else (ANY,) * len(cells), line)
    if any(map(_is_value, cells)):
        return Layout((), (UNKNOWN,) * len(cells), line)
    return Layout(tuple(cells), roles_of(cells), line)


def layout_among(top: Sequence[Line]) -> Layout:
    """The layout of a table that begins with these lines, of which a title may stand above the heading."""
    for number, cells in top:
        layout = layout_of(cells, number)
        if layout.titles and any(map(is_known, cells)) and any(map(holds_values, layout.roles)):
            return layout
        if any(map(_is_value, cells)):
            break
    number, cells = top[0]
    return layout_of(cells, number)


def with_roles(layout: Layout, roles: Sequence[str]) -> Layout:
    """The same table read as somebody says. Raises Refusal `bad_columns`."""
    wrong = next((role for role in roles if not is_role(role)), None)
    if wrong is not None:
        raise Refusal("bad_columns", f"{wrong[:40]!r} is nothing that a column can be for", where=f"line {layout.line}")
    if len(roles) != len(layout.roles):
        detail = f"the table has {len(layout.roles)} columns; {len(roles)} are named"
        raise Refusal("bad_columns", detail, where=f"line {layout.line}")
    return Layout(layout.titles, tuple(roles), layout.line)


def rows(lines: Iterable[Line], layout: Layout) -> Iterator[Row]:
    """The items of the lines under the heading. Raises Refusal when the layout has a fault."""
    if (fault := layout.fault()) is not None:
        raise fault
    for number, cells in lines:
        if not any(cells) or not "".join(cells).strip():
            continue
        if len(cells) > len(layout.roles) and any(cell.strip() for cell in cells[len(layout.roles) :]):
            yield _askew(number, cells, len(layout.roles))
        else:
            yield from _Read(number, cells, layout).rows()


def _is_value(cell: str) -> bool:
    if not cell.strip():
        return False
    try:
        recognise(cell)
    except Refusal:
        return False
    return True


def _askew(line: int, cells: Cells, width: int) -> Row:
    raw = shown(credentials.redact(" ".join(cells)))
    refusal = Refusal("too_many_cells", f"The line has {len(cells)} cells; the heading has {width}.")
    return Row(line, {}, raw, refusal)


class _Read:
    """One line."""

    def __init__(self, line: int, cells: Cells, layout: Layout) -> None:
        self._line = line
        self._layout = layout
        self._cells = [
            (index, role, text)
            for index, (role, cell) in enumerate(zip(layout.roles, cells, strict=False))
            if (text := read.bare(cell)).strip()
        ]

    def rows(self) -> Iterator[Row]:
        """One row for each value; one that says that there is none."""
        said = self._said()
        said_type = said.pop("type", "")
        found = [
            value
            for _index, role, text in self._cells
            if holds_values(role)
            for value in read.values_in(text, role, said_type)
        ]
        if found:
            yield from (Row(self._line, {**value, **said}) for value in found)
            return
        if said:
            yield Row(self._line, said)  # refused where fields are read, as one of any other format
            return
        raw = shown(credentials.redact("; ".join(text for _index, _role, text in self._cells)))
        yield Row(self._line, {}, raw, Refusal("value_missing", "There is no value in this line."))

    def _said(self) -> dict[str, Any]:
        said: dict[str, Any] = {}
        comments: list[str] = []
        for index, role, text in self._cells:
            if role in {"first_seen", "last_seen", "valid_until"}:
                said[role] = read.moment(text)
            elif role == "comment":
                comments.append(text)
            elif role == "note":
                comments.append(f"{self._title(index)} {text.strip()}".strip())
            elif role == "tags":
                said["tags"] = list(dict.fromkeys([*said.get("tags", ()), *read.tags(text)]))
            elif role in _TRANSLATED:
                said[role] = _TRANSLATED[role](text)
            elif role not in {PASSED, UNKNOWN, "marking"} and not holds_values(role):
                said[role] = text
        if comments:
            said["comment"] = read.comment(comments)
        self._mark(said)
        return said

    def _title(self, index: int) -> str:
        return self._layout.titles[index].strip() if index < len(self._layout.titles) else ""

    def _mark(self, said: dict[str, Any]) -> None:
        """Markings in other cells than their own: what is written in a line holds for it, wherever it stands."""
        for _index, role, text in self._cells:
            if role != "marking" and role not in _WRITTEN:
                continue
            found = labels_of(text)
            if found.tlp is None and found.pap is None:
                if role == "marking":
                    said.setdefault("tlp", text)  # understood or refused by whoever reads it
            elif role == "marking" or not _is_value(text):
                _stricter(said, found)


_TRANSLATED = {"tlp": read.tlp, "pap": read.pap, "confidence": read.confidence, "threat_type": read.threat}
_WRITTEN = frozenset({UNKNOWN, "comment", "note"})


def _stricter(said: dict[str, Any], found: Labels) -> None:
    """What is found where nothing is said; of two levels of TLP the stricter."""
    if found.pap is not None:
        said.setdefault("pap", found.pap.label)
    if found.tlp is not None:
        try:
            held = TLP.parse(str(said["tlp"])) if "tlp" in said else found.tlp
        except Refusal:
            return
        said["tlp"] = max(held, found.tlp).label
