"""The public suffix list, as the installed package brings it: nothing is fetched.

The package answers for every name; the usual ones, under rules without wildcards, are answered here from a few sets,
for a tenth of the time.
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
    longer: frozenset[str]
    """The longer rules that are suffixes to the letter."""
    odd: frozenset[str]
    """The last two labels of the longer rules that are a wildcard or an exception."""
    longest: int
    """Labels of the longest rule."""


@cache
def _rules() -> _Rules:
    """Read as the package reads its file. Rules outside of ASCII do not matter to names that are in ASCII without
    A-labels.
    """
    tops, wild, longer, odd = set[str](), set[str](), set[str](), set[str]()
    for line in Path(PSLFILE).read_text(encoding="utf-8").splitlines():
        rule = line.lower().split(" ")[0].rstrip()
        if not rule or rule.startswith("//"):
            continue
        *_rest, below, top = ["", *rule.removeprefix("!").split(".")]
        if not below:
            tops.add(top)
        elif below == "*":
            wild.add(top)
        elif "*" in rule or rule.startswith("!"):
            odd.add(f"{below}.{top}")
        else:
            longer.add(rule)
    deeper = {".".join(rule.split(".")[-2:]) for rule in longer} | odd
    longest = max(rule.count(".") + 1 for rule in longer)
    return _Rules(frozenset(tops - wild), frozenset(deeper), frozenset(longer), frozenset(odd), longest)


def registered_under_top(name: str) -> str | None:
    """What somebody registered of a name, when that can be told at once.

    None for a public suffix, and for every name that only the whole list can answer. The name has two labels at least,
    in lower-case ASCII, none of them empty or an A-label.
    """
    rules = _rules()
    dot = name.rfind(".")
    if name[dot + 1 :] not in rules.tops:
        return None
    two = name[name.rfind(".", 0, dot) + 1 :]
    return two if two not in rules.deeper else _registered_below(name, two, rules)


def _registered_below(name: str, two: str, rules: _Rules) -> str | None:
    """The same of a name whose last two labels end longer rules: the longest rule is its suffix."""
    if two in rules.odd:
        return None
    labels = name.split(".")
    for count in range(min(rules.longest, len(labels)), 1, -1):
        if ".".join(labels[-count:]) in rules.longer:
            return ".".join(labels[-count - 1 :]) if count < len(labels) else None
    return two


def is_top(label: str) -> bool:
    """Whether anything can be registered under a top-level domain in lower-case ASCII."""
    return label in _tops()


@cache
def _tops() -> frozenset[str]:
    """The last label of every rule, also of those outside of ASCII."""
    rules = (line.lower().split(" ")[0].rstrip() for line in Path(PSLFILE).read_text(encoding="utf-8").splitlines())
    return frozenset(rule.rpartition(".")[2] for rule in rules if rule and not rule.startswith("//"))
