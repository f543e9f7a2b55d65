"""What the pages show of tools: those that can be picked, the lines to paste, the state of what is connected."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext

from iocmarket.accounts.snippets import PLACEHOLDER, Block
from sharing.feeds.blocks import blocks_of
from sharing.feeds.formats.base import Format, Mode, every_format, format_named
from sharing.profiles.models import FeedProfile, FeedPull
from sharing.profiles.services import address_of, file_of

FRESH, LATE = timedelta(hours=1), timedelta(hours=24)
"""Read within the one: up to date; not within the other: late."""


@dataclass(frozen=True, slots=True)
class Pick:
    """A tool with the format that it reads."""

    tool: str
    fmt: Format

    @property
    def title(self) -> str:
        """What the tool is called: a product by its name, a kind of tool by a word."""
        return gettext(self.tool)

    @property
    def slug(self) -> str:
        """A name to begin with."""
        letters = "".join(letter if letter.isalnum() and letter.isascii() else "-" for letter in self.tool.lower())
        return "-".join(part for part in letters.split("-") if part)[:50]


def picks(mode: Mode) -> list[Pick]:
    """Every tool of every format with this effect, by name."""
    found = {(recipe.tool, fmt.name): Pick(recipe.tool, fmt) for fmt in every_format() for recipe in fmt.recipes}
    of_mode = [pick for pick in found.values() if pick.fmt.mode is mode]
    return sorted(of_mode, key=lambda pick: (pick.tool.casefold(), pick.fmt.name))


def pick_of(tool: str, name: str) -> Pick | None:
    """The one of these names."""
    fmt = format_named(name)
    known = fmt is not None and any(recipe.tool == tool for recipe in fmt.recipes)
    return Pick(tool, fmt) if fmt is not None and known else None


@dataclass(frozen=True, slots=True)
class Card:
    """One saved feed, and who reads it."""

    profile: FeedProfile
    fmt: Format | None
    pulls: list[FeedPull]
    moment: datetime

    @property
    def title(self) -> str:
        """What its tool is called."""
        return gettext(self.profile.tool)

    @property
    def last(self) -> FeedPull | None:
        """The newest pull."""
        return self.pulls[0] if self.pulls else None

    @property
    def state(self) -> str:
        """`never`, `fresh`, `late`, or nothing in between."""
        if self.last is None:
            return "never"
        since = self.moment - self.last.at
        return "fresh" if since < FRESH else "late" if since > LATE else ""

    def blocks(self, *, secret: str = "", address: str = "") -> list[Block]:
        """The lines to paste, with the token or the address of a key that was made just now."""
        if self.fmt is None:
            return []
        url, token = address or address_of(self.profile), "" if address else secret or PLACEHOLDER
        return blocks_of(self.profile.tool, self.fmt, url=url, token=token, file=file_of(self.profile))


def cards_of(profiles: Iterable[FeedProfile], pulls: Iterable[FeedPull], moment: datetime) -> list[Card]:
    """The cards of these profiles."""
    told = list(pulls)
    return [
        Card(profile, format_named(profile.format), [each for each in told if each.profile_id == profile.pk], moment)
        for profile in profiles
    ]
