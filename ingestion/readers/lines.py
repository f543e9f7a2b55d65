"""A text as lines, refanged all at once, that still know how each was typed."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection
from functools import cached_property
from itertools import accumulate

from ingestion.readers.shape import without_remark
from iocmarket.indicators.refang import refang_line


class Lines:
    """The lines of a text, by their index: the first is 0."""

    def __init__(self, text: str, hidden: Collection[int] = ()) -> None:
        """`hidden`: lines that are not to be read at all; they are empty here."""
        self.typed = lines_of(text)
        self.cut = self.typed
        """Without the remark that follows a value in a list."""
        if "#" in text:
            self.cut = [without_remark(line) if "#" in line else line for line in self.typed]
        if hidden:
            self.cut = list(self.cut)
            for index in hidden:
                self.cut[index] = ""
        whole = "\n".join(self.cut)
        self._refanged = refang_line(whole)
        self.text = self._refanged.text
        """The lines as they are read."""
        self.moved = self._refanged.has_moved
        """Whether columns differ from those that were typed."""
        self.content = self.cut if self.text is whole else self.text.split("\n")
        self.starts = _starts(self.content)
        """Where each begins in `text`; one more than there are lines."""
        self._typed_starts = _starts(self.cut) if self.moved else self.starts

    def span(self, index: int, start: int, end: int) -> tuple[int, int]:
        """The columns, as typed, of what stands in these columns of a line as it is read."""
        if not self.moved:
            return start, end
        begin, typed = self.starts[index], self._typed_starts[index]
        first, last = self._refanged.span(begin + start, begin + end)
        return first - typed, last - typed

    @cached_property
    def blank(self) -> list[int]:
        """Lines with nothing to see in them, in order."""
        return [index for index, line in enumerate(self.typed) if not line or line.isspace()]

    def block(self, index: int) -> int:
        """Lines of one block follow each other without a blank line."""
        return bisect_left(self.blank, index)


def lines_of(text: str) -> list[str]:
    """The lines of a text without their ends."""
    return (text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text).split("\n")


def _starts(lines: list[str]) -> list[int]:
    return [0, *accumulate(len(line) + 1 for line in lines)]
