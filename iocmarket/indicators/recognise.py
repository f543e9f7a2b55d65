"""From one typed value to its type and canonical form: for API items, the search box and look-ups."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

from iocmarket.indicators.types.base import Canonical, IocType, cleaned, ioc_types, unfit
from iocmarket.indicators.types.hashes import wrong_length
from iocmarket.kernel.decision import Refusal

_HEXADECIMAL = re.compile(r"(?<![0-9a-z])[0-9a-f]{24,136}(?![0-9a-z])", re.IGNORECASE)
_OPENING = "[(<{"
# In a text such an address would end earlier; a whole value that begins so is one, whatever its path holds.
_ONE_URL = re.compile(r"(?:h[tx]{2}ps?|s?ftps?)(?::|\[:\])//(?:(?!://)\S)+", re.IGNORECASE)
_AROUND = " \t\"'`“”„«»‹›,;"


@dataclass(frozen=True, slots=True)
class Recognised:
    """What a value is, and its canonical form."""

    type: IocType
    canonical: Canonical


def recognise(text: str, type_name: str | None = None) -> Recognised:
    """Read one value, defanged or not. A named type is believed; without one, the whole value must look like one type.

    A type may be named as other tools do (`hostname`, `vulnerability`): see `IocType.aliases`.

    Raises Refusal: `unknown_type`, `no_indicator`, or the reason that the most fitting type gives.
    """
    if type_name is not None:
        named = ioc_types.get(type_name) or _by_alias(type_name)
        if named is None:
            raise Refusal("unknown_type", f"There is no IOC type “{type_name[:40]}”.")
        return Recognised(named, named.read(text, explicit=True))
    return _at_once(text) or _by_search(text)


def _at_once(text: str) -> Recognised | None:
    """The usual spelling of a usual value, which is most of what is ever sent; None for everything else.

    The first type in precedence that matches is the first whose candidate is the whole value, if it is that.
    """
    within = finder()
    match = within.expression.match(text)
    if match is None or match.end() != len(text) or text.strip(_AROUND) != text:
        return None
    kind = within.kinds[match.lastgroup or ""]
    found = kind.usual(text)
    return None if found is None else Recognised(kind, found)


def _by_search(text: str) -> Recognised:
    """The first type in precedence that takes the whole value, defanged or not. Raises Refusal as `recognise` does."""
    plain = cleaned(text).strip(_AROUND)
    first: Refusal | None = None
    for kind in types_by_precedence():
        if kind.finds is None or not _covers(kind, plain):
            continue
        try:
            return Recognised(kind, kind.read(text.strip().strip(_AROUND)))
        except Refusal as refusal:
            first = first or refusal
    if first is None and _ONE_URL.fullmatch(plain) is not None:
        return Recognised(ioc_types["url"], ioc_types["url"].read(plain, explicit=True))
    raise first or near_miss(plain)


def _by_alias(name: str) -> IocType | None:
    return next((kind for kind in ioc_types if name.lower() in kind.aliases), None)


def near_miss(text: str) -> Refusal:
    """Why a text that holds no indicator holds none: the most helpful reason there is, else `no_indicator`."""
    if (refusal := unfit(text.strip())) is not None:
        return refusal
    for run in _HEXADECIMAL.findall(text):
        if (refusal := wrong_length(run)) is not None:
            return refusal
    return Refusal("no_indicator", "There is no indicator here.")


def types_by_precedence() -> tuple[IocType, ...]:
    """The registered types in the order in which they may claim a value."""
    return _by_precedence(ioc_types.ordered())


@lru_cache(maxsize=1)
def _by_precedence(types: tuple[IocType, ...]) -> tuple[IocType, ...]:
    """Ten thousand values are read for one look-up: sorted once, not for each of them."""
    return tuple(sorted(types, key=lambda kind: (kind.precedence, kind.name)))


class Seeker(NamedTuple):
    """Looks for one sign of some types in a text: see `Sign`."""

    pattern: re.Pattern[bytes]
    table: bytes
    reach: int


class Finder(NamedTuple):
    """How values of all types are found in a line: where a sign of one stands, the first of those that match."""

    signs: tuple[Seeker, ...]
    expression: re.Pattern[str]
    """Of all types: the last group of its match is that of the type that takes it."""
    plain: re.Pattern[str]
    """The usual spellings in their usual surroundings, with the punctuation before: the same answer at less cost."""
    kinds: dict[str, IocType]
    """The type of each group."""


# Cells of a table without any sign, and punctuation. No cell is as long as a hash.
_STAMP = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"
_BEFORE_USUAL = rf"(?:(?:{_STAMP}|[A-Za-z0-9_-]{{0,16}}+)[,;|\"'`(\[<>]++)*+(?<![^ \t,;|\"'`(\[<>])"


def finder() -> Finder:
    """What finds a value of any type that is registered now."""
    return _finder(types_by_precedence())


@lru_cache(maxsize=4)
def _finder(types: tuple[IocType, ...]) -> Finder:
    kinds = {f"t{index}": kind for index, kind in enumerate(types) if kind.finds is not None}
    parts = [
        f"(?={opens})(?:{'|'.join(_group(*named) for named in neighbours)})"
        for opens, neighbours in groupby(kinds.items(), key=lambda named: named[1].opens)
    ]
    # The guard before all: no value starts within a word of ASCII letters and digits, nor with a bracket.
    expression = re.compile(rf"(?<![0-9A-Za-z])(?=[\w.:*])(?:{'|'.join(parts)})")
    reaches: dict[tuple[bytes, bytes], int] = {}
    for sign in (sign for kind in kinds.values() for sign in kind.signs):
        reaches[sign[:2]] = max(reaches.get(sign[:2], 0), sign.reach)
    signs = tuple(Seeker(re.compile(pattern), table, reach) for (pattern, table), reach in reaches.items())
    plains = [f"(?P<{name}>{kind.plain})" for name, kind in kinds.items() if kind.plain is not None]
    plain = re.compile(rf"{_BEFORE_USUAL}(?:{'|'.join(plains) or '(?!)'})")
    return Finder(signs, expression, plain, kinds)


def _group(name: str, kind: IocType) -> str:
    if kind.finds is None:
        raise ValueError(f"{kind.name} is never found in text")
    folded = "i" if kind.finds.flags & re.IGNORECASE else ""
    return f"(?P<{name}>(?{folded}:{kind.finds.pattern}))"


def _covers(kind: IocType, plain: str) -> bool:
    """Whether the type's candidate is the whole value, but for brackets around and a dot after it.

    A candidate may begin after opening brackets only, so that only these few places are tried: searching the rest of
    the value for each of all types was most of what a look-up of ten thousand values cost.
    """
    if kind.finds is None:
        return False
    for start in range(len(plain) - len(plain.lstrip(_OPENING)) + 1):
        if (match := kind.finds.match(plain, start)) is not None:
            return not plain[match.end() :].strip("])>}./")
    return False
