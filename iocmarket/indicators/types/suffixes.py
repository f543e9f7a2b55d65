"""The public suffix list, as the installed package brings it: nothing is fetched.

The package answers for every name; the usual ones, directly under a top-level domain that has no rules of its own for
them, are answered here from two sets, for a tenth of the time.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

from publicsuffixlist import PSLFILE, PublicSuffixList


@cache
def suffix_list(*, only_icann: bool = False) -> PublicSuffixList:
    """The whole list, or without the suffixes of private registries (`github.io`)."""
    return PublicSuffixList(accept_unknown=False, only_icann=only_icann)


class _Rules(NamedTuple):
    tops: frozenset[str]
    """Top-level domains with a rule of one label and no wildcard."""
    deeper: frozenset[str]
    """The last two labels of every longer rule."""


@cache
def _rules() -> _Rules:
    """Read as the package reads its file. Rules outside of ASCII do not matter to names that are in ASCII without
    A-labels.
    """
    tops, wild, deeper = set[str](), set[str](), set[str]()
    for line in Path(PSLFILE).read_text(encoding="utf-8").splitlines():
        rule = line.lower().split(" ")[0].rstrip().removeprefix("!")
        if not rule or rule.startswith("//"):
            continue
        *_rest, below, top = ["", *rule.split(".")]
        if not below:
            tops.add(top)
        elif below == "*":
            wild.add(top)
        else:
            deeper.add(f"{below}.{top}")
    return _Rules(frozenset(tops - wild), frozenset(deeper))


def registered_under_top(name: str) -> str | None:
    """The last two labels of a name when they are what somebody registered: its suffix is the last label alone.

    None for every other name, and for those that only the whole list can answer. The name has two labels at least, in
    lower-case ASCII, none of them empty or an A-label.
    """
    tops, deeper = _rules()
    dot = name.rfind(".")
    if name[dot + 1 :] not in tops:
        return None
    two = name[name.rfind(".", 0, dot) + 1 :]
    return None if two in deeper else two
