"""The recipes of a format (recipes.py) as the blocks that pages show: one source for tokens and saved feeds."""

from __future__ import annotations

from iocmarket.accounts.snippets import Block, Writer
from sharing.feeds.formats.base import Format, formats
from sharing.feeds.recipes import SHELL


def blocks_of(tool: str, fmt: Format, *, url: str, token: str, file: str) -> list[Block]:
    """The lines to paste; without a token in them, those that do without one."""
    return [
        Block(
            str(recipe.note) or recipe.language,
            recipe.written(url=url, token=token, name=file),
            runs=SHELL if recipe.language == SHELL else "",
        )
        for recipe in fmt.recipes
        if recipe.tool == tool and (token or not recipe.needs_token)
    ]


def lines_for(*tools: str, name: str, queries: tuple[str, ...] = ("",), file: str = "iocmarket") -> Writer:
    """What the tokens' page asks for: the recipes of these tools for a format, once for each list of options."""

    def written(url: str, token: str, institution_id: int) -> list[Block]:
        del institution_id
        fmt = formats[name]
        ending = f"{name}.{fmt.extension}"
        return [
            block
            for tool in tools
            for query in queries
            for block in blocks_of(
                tool, fmt, url=f"{url}/feeds/{ending}{query}", token=token, file=f"{file}.{fmt.extension}"
            )
        ]

    return written
