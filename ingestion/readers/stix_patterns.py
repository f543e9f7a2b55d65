"""STIX 2.1 patterns (section 9) as values: one equality, or several joined by OR.

What more a pattern can say (AND, FOLLOWEDBY, MATCHES, windows of time) is no single value: to cut a value out of it
would say more than its author did. Which property holds which of our types follows from how the types write their own
patterns, so that a new type is read as soon as it exists. Pure, and linear in the length of the pattern.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from iocmarket.indicators.recognise import recognise, types_by_precedence
from iocmarket.indicators.types.base import Canonical, IocType, ioc_types
from iocmarket.kernel.decision import Refusal

LONGEST = 65_536
"""Characters of a pattern that is read."""
MOST_VALUES = 100
"""Alternatives in one pattern: more of them are a list, to be sent as indicators of their own."""

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^'\\]|\\.)*')|(?P<number>[+-]?\d+(?![\w.]))"
    r"|(?P<path>[a-z][a-z0-9-]*:[\w-]+(?:\.(?:[\w-]+|'(?:[^'\\]|\\.)*')|\[[^\]]{0,40}\])*)"
    r"|(?P<word>[A-Za-z]+)|(?P<sign>!=|<=|>=|[][()=<>,]))",
    re.DOTALL,
)
# Other spellings of properties, as tools write them (MISP: `file:hashes.SHA256`), and of what means the same value.
_ALIASES = {
    "email-message:from_ref.value": "email-addr:value",
    "email-message:sender_ref.value": "email-addr:value",
    "network-traffic:src_ref.value": "",
    "network-traffic:dst_ref.value": "",
}
# Which property `network-traffic` means depends on the value alone: an address of either kind, or a name.
_ANY_HOST = ("ipv4-addr:value", "ipv6-addr:value", "domain-name:value")
_NETWORKS = frozenset({"ISSUBSET", "ISSUPERSET"})
_HASHES = "file:hashes."


@dataclass(frozen=True, slots=True)
class Equality:
    """One comparison: which property has which value."""

    path: str
    value: str


@dataclass(frozen=True, slots=True)
class Read:
    """One value of a pattern, accepted or refused."""

    raw: str
    type: str = ""
    canonical: Canonical | None = None
    refusal: Refusal | None = None


def values_of(pattern: str) -> list[Read]:
    """The values of a pattern. Raises Refusal (`pattern_not_simple`, `pattern_too_long`, `pattern_too_many_values`)."""
    return [_value(found) for found in equalities(pattern)]


def equalities(pattern: str) -> list[Equality]:
    """The comparisons of a pattern. Raises Refusal as `values_of`."""
    if len(pattern) > LONGEST:
        raise Refusal("pattern_too_long", f"the pattern has {len(pattern)} characters; at most {LONGEST} are read")
    reader = _Tokens(pattern)
    found: list[Equality] = []
    while True:
        reader.expect("[")
        found += _comparison(reader)
        while reader.take("OR"):
            found += _comparison(reader)
        reader.expect("]")
        if len(found) > MOST_VALUES:
            detail = f"more than {MOST_VALUES} values in one pattern: send one indicator for each"
            raise Refusal("pattern_too_many_values", detail)
        if reader.at_end:
            return list(dict.fromkeys(found))
        reader.expect("OR")


def _comparison(reader: _Tokens) -> list[Equality]:
    path = reader.of("path")
    if reader.take("IN"):
        reader.expect("(")
        values = [reader.literal()]
        while reader.take(","):
            values.append(reader.literal())
        reader.expect(")")
        return [Equality(path, value) for value in values]
    if not reader.take("=") and not any(reader.take(word) for word in _NETWORKS):
        raise _not_simple()
    return [Equality(path, reader.literal())]


class _Tokens:
    """The words of a pattern, one after the other."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern.rstrip()
        self._position = 0
        self._next = self._read()

    @property
    def at_end(self) -> bool:
        return self._next is None

    def take(self, text: str) -> bool:
        """Whether the next word is this one, which is then taken."""
        if self._next != ("word" if text.isalpha() else "sign", text):
            return False
        self._next = self._read()
        return True

    def expect(self, text: str) -> None:
        if not self.take(text):
            raise _not_simple()

    def of(self, kind: str) -> str:
        """The next word, which is of this kind."""
        if self._next is None or self._next[0] != kind:
            raise _not_simple()
        text = self._next[1]
        self._next = self._read()
        return text

    def literal(self) -> str:
        if self._next is not None and self._next[0] == "number":
            return self.of("number").lstrip("+")
        return _unquoted(self.of("text"))

    def _read(self) -> tuple[str, str] | None:
        if self._position >= len(self._pattern):
            return None
        match = _TOKEN.match(self._pattern, self._position)
        if match is None or match.lastgroup is None:
            raise _not_simple()
        self._position = match.end()
        text = match[match.lastgroup]
        return match.lastgroup, text.upper() if match.lastgroup == "word" else text


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)


def _not_simple() -> Refusal:
    detail = "only patterns of one equality, or of several joined by OR, are read as values"
    return Refusal("pattern_not_simple", detail)


def _value(found: Equality) -> Read:
    kinds = types_of(found.path)
    if not kinds:
        detail = f"{found.path[:80]!r} is no property of a type that is shared here"
        return Read(found.value, refusal=Refusal("pattern_property", detail))
    first: Refusal | None = None
    for kind in kinds:
        try:
            return Read(found.value, kind, recognise(found.value, kind).canonical)
        except Refusal as refusal:
            first = first or refusal
    return Read(found.value, kinds[0], refusal=first)


def types_of(path: str) -> tuple[str, ...]:
    """The names of the types whose values this property holds, the likeliest first; none when it is not shared."""
    known = _types_by_path(tuple(kind.name for kind in types_by_precedence()))
    if _ALIASES.get(path) == "":
        return tuple(name for host in _ANY_HOST for name in known.get(host, ()))
    return known.get(_plain(_ALIASES.get(path, path)), ())


@lru_cache(maxsize=4)
def _types_by_path(names: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for name in names:
        for path in _paths_of(ioc_types[name]):
            held = found.setdefault(path, [])
            # A type of exactly one property comes before one that shares several (an address before a network).
            held.append(name)
    return {path: tuple(sorted(held, key=lambda name: len(_paths_of(ioc_types[name])))) for path, held in found.items()}


def _paths_of(kind: IocType) -> set[str]:
    """The properties of a type's own patterns."""
    patterns = {kind.pattern(canonical) for _raw, canonical in kind.examples}
    return {_plain(path) for pattern in patterns if (path := _only_path(pattern))}


def _only_path(pattern: str) -> str:
    """The property of a pattern of one comparison; empty for a pattern that is none (a rule is its own pattern)."""
    try:
        found = equalities(pattern)
    except Refusal:
        return ""
    return found[0].path if len(found) == 1 else ""


def _plain(path: str) -> str:
    """A property in one spelling: hash names without quotes and hyphens, in capitals."""
    if not path.startswith(_HASHES):
        return path
    return _HASHES + path[len(_HASHES) :].strip("'").replace("-", "").upper()
