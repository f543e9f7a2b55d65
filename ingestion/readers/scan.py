"""Finding values in the lines of a text: every type's `finds`, tried together from left to right."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass

from ingestion.readers.credentials import BLANK, Secret, masked, secrets_in
from ingestion.readers.credentials import refusal as credential_refusal
from ingestion.readers.lines import Lines
from iocmarket.indicators.recognise import Finder, finder
from iocmarket.indicators.types.base import MAX_LENGTH, Canonical, IocType
from iocmarket.kernel.decision import Refusal

_SPACES = re.compile(r"[ \t]+")


@dataclass(slots=True)
class Found:
    """One match in a line, accepted (with a canonical form) or refused; `certain`: it was surely meant as a value."""

    raw: str
    start: int
    end: int
    """Columns of the line as it is read; those as it was typed are `first` and `last`."""
    first: int
    last: int
    type: IocType | None
    canonical: Canonical | None
    refusal: Refusal | None
    certain: bool


Known = dict[tuple[str, str], Canonical | Refusal]
"""What values of a text were read as, by the name of the type and as they were typed: many occur again and again."""


def scan(
    lines: Lines, skipped: Container[int] = (), closed_later: Callable[[int], bool] | None = None
) -> dict[int, list[Found]]:
    """The values of each line that holds any, but for the skipped lines.

    A line without the sign of any value costs next to nothing. `closed_later`: whether the label of a link goes on
    after a line, so that its bracket is no part of the URL.
    """
    within = finder()
    places, starts, known, found = places_in(lines.text, within), lines.starts, Known(), dict[int, list[Found]]()
    at, count = 0, len(places)
    while at < count:
        index = bisect_right(starts, places[at]) - 1
        begin = starts[index]
        after = bisect_left(places, starts[index + 1], at)
        if index not in skipped:
            own = [place - begin for place in places[at:after]]
            closed = closed_later is not None and "[" in lines.content[index] and closed_later(index)
            if values := scan_line(lines, index, within, own, known, closed_later=closed):
                found[index] = values
        at = after
    return found


def scan_line(
    lines: Lines, index: int, within: Finder, places: Sequence[int], known: Known, *, closed_later: bool = False
) -> list[Found]:
    """The values of a line in order; none inside another, none inside a secret, the secrets first.

    `places`: where in it a value may begin (see `places_in`).
    """
    text, found = lines.content[index], list[Found]()
    if (":" in text or "|" in text) and (secrets := secrets_in(text)):
        found = _refused_secrets(lines, index, secrets)
        text = masked(text, secrets)
    if closed_later:
        text += " ]"
    search, plain, kinds, position = within.expression.search, within.plain.match, within.kinds, 0
    tabbed = "\t" in text
    for place in places:
        if place < position:
            continue
        # The beginning of the stretch, without space or tab, in which the sign stands.
        begin = text.rfind(" ", position, place)
        if tabbed:
            begin = max(begin, text.rfind("\t", position, place))
        begin = begin + 1 or position
        match = plain(text, begin)
        if match is not None and (usual := _usual(lines, index, text, match, kinds)) is not None:
            found.append(usual)
            position = usual.end
            continue
        match = search(text, begin)
        if match is None:
            break
        kind, (start, position) = kinds[match.lastgroup or ""], match.span()
        settled = kind.settle(text, start, position)
        if settled is not None and settled > start:
            position = settled
            found.append(read_value(lines, index, kind, start, settled, known))
    return found


def _refused_secrets(lines: Lines, index: int, secrets: list[Secret]) -> list[Found]:
    refused, found = credential_refusal(), list[Found]()
    for each in secrets:
        first, last = lines.span(index, each.start, each.end)
        found.append(Found(each.shown, each.start, each.end, first, last, None, None, refused, certain=True))
    return found


def _usual(lines: Lines, index: int, text: str, match: re.Match[str], kinds: dict[str, IocType]) -> Found | None:
    """What a usual spelling is, if its type knows it."""
    name = match.lastgroup or ""
    kind, (start, end) = kinds[name], match.span(name)
    canonical = kind.known(text, start, end)
    if canonical is None:
        return None
    first, last = lines.span(index, start, end) if lines.moved else (start, end)
    if last - first > MAX_LENGTH:
        return None
    return Found(lines.cut[index][first:last], start, end, first, last, kind, canonical, None, certain=True)


def places_in(text: str, within: Finder) -> list[int]:
    """Where signs of values stand in a text, in order, each less its reach: nowhere else is anything looked for."""
    letters, turned, places = text.encode("ascii", "replace"), dict[bytes, bytes](), list[int]()
    for pattern, table, reach in within.signs:
        if (characters := turned.get(table)) is None:
            characters = turned[table] = letters.translate(table)
        found = [match.start() for match in pattern.finditer(characters)]
        places += [place for sign in found for place in _before(text, sign, reach)] if reach else found
    if BLANK in text:
        places += [place for place in range(len(text)) if text.startswith(BLANK, place)]
    places.sort()
    return places


def _before(text: str, place: int, reach: int) -> list[int]:
    """Up to so many characters before a place, in its line: where that begins, and where each word does."""
    low = max(0, place - reach)
    low = max(low, text.rfind("\n", low, place) + 1)
    return [low, *(match.end() for match in _SPACES.finditer(text, low, place))]


def read_value(
    lines: Lines, index: int, kind: IocType, start: int, end: int, known: Known | None = None, *, explicit: bool = False
) -> Found:
    """Normalise one stretch of a line as that type; `known`: what was read before in this text, to be added to."""
    first, last = lines.span(index, start, end)
    value, raw = lines.content[index][start:end], lines.cut[index][first:last]
    read = None if known is None else known.get((kind.name, raw))
    if read is None:
        read = kind.usual(value) if len(raw) <= MAX_LENGTH else None
        if read is None:
            read = _read(kind, raw, explicit=explicit)
        if known is not None:
            known[kind.name, raw] = read
    if isinstance(read, Refusal):
        certain = raw != value or kind.unmistakable(value)
        return Found(raw, start, end, first, last, kind, None, read, certain)
    return Found(raw, start, end, first, last, kind, read, None, True)


def _read(kind: IocType, raw: str, *, explicit: bool) -> Canonical | Refusal:
    try:
        return kind.read(raw, explicit=explicit)
    except Refusal as refusal:
        # Kept for as long as the text is: the frames that its traceback holds would weigh more than the text.
        return refusal.with_traceback(None)
