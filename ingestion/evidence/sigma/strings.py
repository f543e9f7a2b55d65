"""A string of Sigma with its wildcards, held against a text without a regular expression: nothing in it backtracks.

Source: the Sigma specification, "Sigma rules", section "Detection item modifiers" and wildcards: `*` any text, `?` one
character; upper and lower case are alike unless a rule says `cased`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

Test = Callable[[str], bool]
MANY, ONE = object(), object()
"""The wildcards among the parts of a string."""


def matcher(parts: Sequence[object], *, cased: bool = False) -> Test:
    """Whether a text is these parts, one after the other: strings, MANY, ONE."""
    segments: list[list[str | None]] = [[]]
    for part in parts:
        if part is MANY:
            segments.append([])
        elif part is ONE:
            segments[-1].append(None)
        else:
            segments[-1] += list(str(part) if cased else str(part).lower())
    pieces = [_Piece(segment) for segment in segments]

    def test(text: str) -> bool:
        return _matches(pieces, text if cased else text.lower())

    return test


class _Piece:
    """A stretch between two `*`."""

    def __init__(self, characters: Sequence[str | None]) -> None:
        self.length = len(characters)
        self._characters = characters
        self._plain = None if None in characters else "".join(str(each) for each in characters)

    def stands_at(self, text: str, place: int) -> bool:
        if place < 0 or place + self.length > len(text):
            return False
        if self._plain is not None:
            return text.startswith(self._plain, place)
        return all(each is None or text[place + index] == each for index, each in enumerate(self._characters))

    def find(self, text: str, start: int) -> int:
        """The first place from `start` on; -1 for none."""
        if self._plain is not None:
            return text.find(self._plain, start)
        places = range(start, len(text) - self.length + 1)
        return next((place for place in places if self.stands_at(text, place)), -1)


def _matches(pieces: Sequence[_Piece], text: str) -> bool:
    """The first piece begins it, the last ends it, those between follow each other: the leftmost place is enough."""
    first, last = pieces[0], pieces[-1]
    if len(pieces) == 1:
        return len(text) == first.length and first.stands_at(text, 0)
    if not first.stands_at(text, 0):
        return False
    place = first.length
    for piece in pieces[1:-1]:
        found = piece.find(text, place)
        if found < 0:
            return False
        place = found + piece.length
    return len(text) - last.length >= place and last.stands_at(text, len(text) - last.length)
