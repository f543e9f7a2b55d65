"""What the families of exact values share: a value that is kept to the letter, and how running text announces one."""

from __future__ import annotations

import re
from typing import ClassVar

from iocmarket.indicators.types.base import Canonical, IocType, Trait, exact, quoted


class Exact(IocType):
    """A value to the letter but for the white space around it. Subclasses say where STIX keeps it, and what it is."""

    traits = frozenset({Trait.TEXT})
    lifetime_days: ClassVar[int] = 365
    verbatim: ClassVar[bool] = True
    path: ClassVar[str]
    """The property of a STIX observable that holds the value."""

    def normalise(self, raw: str, *, explicit: bool = False) -> Canonical:
        """Raises Refusal as `exact` and `settled` do."""
        del explicit
        return Canonical(self.settled(exact(raw)))

    def settled(self, value: str) -> str:
        """The canonical form of a value without white space around it. Raises Refusal."""
        return value

    def pattern(self, value: str, *, subtree: bool = False) -> str:
        """One comparison of `path`."""
        del subtree
        return f"[{self.path} = {quoted(value)}]"


def announced(label: str, value: str) -> re.Pattern[str]:
    """What finds a value behind its label: `JA3: …`, `"ja3":"…"`, `ja3=…`; both are expressions without groups."""
    return re.compile(rf"(?<![\w.-])(?:{label})[\"']?[ ]{{0,2}}[:=][ ]{{0,2}}[\"'`]?(?:{value})(?!\w)", re.IGNORECASE)


_LABEL = re.compile(r"[A-Za-z][A-Za-z0-9 _-]{1,24}[\"']?[ ]{0,2}[:=][ ]{0,2}[\"'`]?")


def unlabelled(text: str) -> str:
    """A value that `announced` found, without its label."""
    found = _LABEL.match(text)
    return text[found.end() :] if found is not None and found.end() < len(text) else text
