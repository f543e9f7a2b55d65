"""Lines to paste into a terminal or a tool, with the platform's own address and the token inside.

Houses above add theirs (`snippets.register`), so that this page never names their formats.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

Writer = Callable[[str, str, int], str]


@dataclass(frozen=True, slots=True)
class Snippet:
    """A titled block to copy."""

    title: StrOrPromise
    text: str


class Snippets:
    """The registered writers, in order: each makes its text from (public URL, token, institution id)."""

    def __init__(self) -> None:
        self._writers: list[tuple[int, StrOrPromise, Writer]] = []

    def register(self, title: StrOrPromise, writer: Writer, *, order: int) -> None:
        """Add one block."""
        self._writers.append((order, title, writer))

    def written(self, *, url: str, token: str, institution_id: int) -> list[Snippet]:
        """Every block for one institution."""
        ordered = sorted(self._writers, key=lambda writer: writer[0])
        return [Snippet(title, write(url, token, institution_id)) for _order, title, write in ordered]


snippets = Snippets()
