"""Finding values in one line of text: every type's `finds`, tried together from left to right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ingestion.readers.credentials import masked, secrets_in
from ingestion.readers.credentials import refusal as credential_refusal
from iocmarket.indicators.recognise import Finder
from iocmarket.indicators.refang import Refanged
from iocmarket.indicators.types.base import MAX_LENGTH, Canonical, IocType
from iocmarket.kernel.decision import Refusal


@dataclass(slots=True)
class Found:
    """One match in a line, accepted (with a canonical form) or refused; `certain`: it was surely meant as a value."""

    raw: str
    start: int
    end: int
    type: IocType | None
    canonical: Canonical | None
    refusal: Refusal | None
    certain: bool


Known = dict[tuple[str, str], Canonical | Refusal]
"""What values of a text were read as, by the name of the type and as they were typed: many occur again and again."""


def scan(
    line: Refanged, within: Finder, places: Sequence[int], known: Known, *, closed_later: bool = False
) -> list[Found]:
    """The values of a line in order; none inside another, none inside a secret, the secrets first.

    `places`: where a value may begin (see `places_in`). `closed_later`: the label of a link goes on in the next line,
    so that its bracket is no part of the URL.
    """
    text, found = line.text, list[Found]()
    if (":" in text or "|" in text) and (secrets := secrets_in(text)):
        refused = credential_refusal()
        found = [Found(each.shown, each.start, each.end, None, None, refused, certain=True) for each in secrets]
        text = masked(text, secrets)
    if closed_later:
        text += " ]"
    search, kinds, position = within.expression.search, within.kinds, 0
    for place in places:
        if place < position:
            continue
        # The beginning of the stretch, without space or tab, in which the sign stands.
        begin = max(text.rfind(" ", position, place), text.rfind("\t", position, place)) + 1 or position
        match = search(text, begin)
        if match is None:
            break
        kind, (start, position) = kinds[match.lastgroup or ""], match.span()
        end = kind.settle(text, start, position)
        if end is not None and end > start:
            position = end
            found.append(read_value(line, kind, start, end, known))
    return found


def places_in(text: str, within: Finder) -> list[int]:
    """Where signs of values stand in lines, in order, each less its reach: nowhere else is anything looked for."""
    places = list[int]()
    for pattern, reach in within.signs:
        found = [match.start() for match in pattern.finditer(text)]
        places += [_back(text, place, reach) for place in found] if reach else found
    places.sort()
    return places


def _back(text: str, place: int, reach: int) -> int:
    """So many characters before a place, in its line."""
    low = max(0, place - reach)
    return max(low, text.rfind("\n", low, place) + 1)


def read_value(
    line: Refanged, kind: IocType, start: int, end: int, known: Known | None = None, *, explicit: bool = False
) -> Found:
    """Normalise one stretch of a line as that type; `known`: what was read before in this text, to be added to."""
    value, raw = line.text[start:end], line.raw(start, end)
    read = None if known is None else known.get((kind.name, raw))
    if read is None:
        read = kind.usual(value) if len(raw) <= MAX_LENGTH else None
        if read is None:
            read = _read(kind, raw, explicit=explicit)
        if known is not None:
            known[kind.name, raw] = read
    if isinstance(read, Refusal):
        return Found(raw, start, end, kind, None, read, certain=raw != value or kind.unmistakable(value))
    return Found(raw, start, end, kind, read, None, certain=True)


def _read(kind: IocType, raw: str, *, explicit: bool) -> Canonical | Refusal:
    try:
        return kind.read(raw, explicit=explicit)
    except Refusal as refusal:
        # Kept for as long as the text is: the frames that its traceback holds would weigh more than the text.
        return refusal.with_traceback(None)
