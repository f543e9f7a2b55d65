"""Lines to paste into a terminal or a tool, with the platform's own address and the token inside.

Houses above add theirs (`snippets.register`), so that this page never names their formats.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from iocmarket.accounts.roles import Scope

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

PLACEHOLDER = "TOKEN"
"""What stands in the lines while no token was made on this page."""


@dataclass(frozen=True, slots=True)
class Block:
    """One block to copy. `runs`: `sh` or `python` when it can be pasted as it is, nothing for settings of a tool."""

    name: StrOrPromise
    text: str
    runs: str = ""


Writer = Callable[[str, str, int], list[Block]]
"""Makes the blocks from (public URL, token, institution id); none where the tool cannot be used here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """What a tool is connected with. `mode` is `block`, `detect` or nothing; `needs` the scope of its token."""

    title: StrOrPromise
    note: StrOrPromise
    icon: str
    order: int
    needs: Scope
    writer: Writer
    mode: str = ""
    key: str = ""
    """By which a token remembers that it was made for this tool; only where an answer's form depends on it."""


@dataclass(frozen=True, slots=True)
class Card:
    """A tool with its blocks written for one institution."""

    tool: Tool
    blocks: list[Block]
    allowed: bool
    """Whether the token in them may do it; true while there is none."""


class Snippets:
    """The registered tools, in order."""

    def __init__(self) -> None:
        self._tools: list[Tool] = []

    def register(self, *tools: Tool) -> None:
        """Add tools."""
        self._tools = sorted([*self._tools, *tools], key=lambda tool: tool.order)

    def tool_keys(self) -> list[str]:
        """The keys of the tools that need answers of their own."""
        return [tool.key for tool in self._tools if tool.key]

    def choices(self) -> list[tuple[str, StrOrPromise]]:
        """The same for a form: key and title."""
        return [(tool.key, tool.title) for tool in self._tools if tool.key]

    def written(
        self, *, url: str, institution_id: int, token: str = PLACEHOLDER, scopes: Iterable[str] | None = None
    ) -> list[Card]:
        """Every tool for one institution; `scopes` are those of the token, None while there is none."""
        opened = None if scopes is None else frozenset(scopes)
        written = ((tool, tool.writer(url, token, institution_id)) for tool in self._tools)
        return [Card(tool, blocks, opened is None or tool.needs in opened) for tool, blocks in written if blocks]


snippets = Snippets()
