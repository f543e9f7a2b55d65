"""STIX 2.1 patterns (section 9) as values: equalities, joined by OR or, where that is no less than was meant, by AND.

Of what AND joins, each hash of a file stands for the file, and a host with its port is one endpoint; other values are
taken with a warning, names and texts beside them are not. What more a pattern can say (FOLLOWEDBY, MATCHES, windows of
time) is no value: it is a rule of its own (stix.py). Which property holds which of our types follows from how the types
write their own patterns, so that a new type is read as soon as it exists. Pure, and linear in the pattern's length.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from iocmarket.indicators.recognise import recognise, types_by_precedence
from iocmarket.indicators.types.base import Canonical, IocType, Trait, ioc_types
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
    "network-traffic:src_ip": "",
    "network-traffic:dst_ip": "",
    "domain-name:resolves_to_refs[*].value": "",
}
# Which property `network-traffic` means depends on the value alone: an address of either kind, or a name.
_ANY_HOST = ("ipv4-addr:value", "ipv6-addr:value", "domain-name:value")
_NETWORKS = frozenset({"ISSUBSET", "ISSUPERSET"})
_HASHES = "file:hashes."
_HASH_PATH = re.compile(r":hashes\.")
_PORT = "network-traffic:dst_port"
_HOSTS = frozenset(_ANY_HOST)
_RECIPIENT = re.compile(r"email-message:(?:to|cc|bcc)_refs")
"""Recipients of a mail are nobody's business: their addresses are not repeated."""
_QUALIFYING = frozenset({Trait.TEXT, Trait.FILE_NAME, Trait.AUTONOMOUS_SYSTEM})
PART = "part_of_pattern"
"""The warning of a value that its author names together with other conditions."""


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
    found = [read for group in groups(pattern) for read in (_joined(group) if len(group) > 1 else map(value_of, group))]
    return list(dict.fromkeys(found))


def equalities(pattern: str) -> list[Equality]:
    """The comparisons of a pattern that joins them by OR alone. Raises Refusal as `values_of`."""
    found = groups(pattern)
    if any(len(group) > 1 for group in found):
        raise _not_simple()
    return list(dict.fromkeys(equality for group in found for equality in group))


def groups(pattern: str) -> list[list[Equality]]:
    """The alternatives of a pattern, each with what AND joins in it. Raises Refusal as `values_of`."""
    if len(pattern) > LONGEST:
        raise Refusal("pattern_too_long", f"the pattern has {len(pattern)} characters; at most {LONGEST} are read")
    reader, found, open_ = _Tokens(pattern), _Groups(), 0
    while True:
        while reader.take("("):
            open_ += 1
        reader.expect("[")
        _observation(reader, found, within=open_ > 0)
        if found.count > MOST_VALUES:
            detail = f"more than {MOST_VALUES} values in one pattern: send one indicator for each"
            raise Refusal("pattern_too_many_values", detail)
        while open_ and reader.take(")"):
            open_ -= 1
        if reader.at_end and not open_:
            return found.all()
        _join(reader, found, within=open_ > 0)


def _observation(reader: _Tokens, found: _Groups, *, within: bool) -> None:
    """The comparisons up to the closing bracket."""
    open_ = 0
    while True:
        while reader.take("("):
            open_ += 1
        found.add(_comparison(reader))
        while open_ and reader.take(")"):
            open_ -= 1
        if not open_ and reader.take("]"):
            return
        _join(reader, found, within=within or open_ > 0)


def _join(reader: _Tokens, found: _Groups, *, within: bool) -> None:
    """AND or OR; an OR in parentheses separates nothing from what stands outside of them."""
    if reader.take("AND"):
        found.joined = True
        return
    reader.expect("OR")
    if not within:
        found.close()


class _Groups:
    """The alternatives of a pattern while it is read."""

    def __init__(self) -> None:
        self._closed: list[list[Equality]] = []
        self._group: list[Equality] = []
        self.joined = False
        """Whether anything in the group that is being read is joined by AND."""
        self.count = 0

    def add(self, comparison: list[Equality]) -> None:
        self._group += comparison
        self.count += len(comparison)

    def close(self) -> None:
        self._closed += [self._group] if self.joined else [[equality] for equality in self._group]
        self._group, self.joined = [], False

    def all(self) -> list[list[Equality]]:
        self.close()
        return self._closed


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
    detail = "only patterns of equalities, joined by OR or by AND, are read as values"
    return Refusal("pattern_not_simple", detail)


def _joined(group: list[Equality]) -> list[Read]:
    """What an alternative of several conditions is about: see the head of this module."""
    ports = [found.value for found in group if found.path == _PORT]
    strong = [(found, kinds) for found in group if (kinds := types_of(found.path)) and _stands_alone(kinds[0])]
    hosts = [found for found, _kinds in strong if found.path in _HOSTS or _ALIASES.get(found.path) == ""]
    if len(ports) == 1 and len(hosts) == len(strong) == 1:
        return [_endpoint(hosts[0].value, ports[0])]
    if not strong:
        raise _not_simple()
    reads = [value_of(found) for found, _kinds in strong]
    if all(_HASH_PATH.search(found.path) for found, _kinds in strong):
        return reads
    return [read if read.canonical is None else _with_warning(read, read.canonical) for read in reads]


def _with_warning(read: Read, canonical: Canonical) -> Read:
    return replace(read, canonical=replace(canonical, warnings=(*canonical.warnings, PART)))


def _stands_alone(kind: str) -> bool:
    """Whether a value of that type means something without the conditions beside it, as an address or a hash does."""
    return not ioc_types[kind].traits & _QUALIFYING


def _endpoint(host: str, port: str) -> Read:
    raw = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    first: Refusal | None = None
    for kind in ("ip-port", "domain-port"):
        try:
            return Read(raw, kind, recognise(raw, kind).canonical)
        except Refusal as refusal:
            first = first or refusal
    return Read(raw, "ip-port", refusal=first)


def value_of(found: Equality) -> Read:
    """What one property says, accepted or refused."""
    kinds = types_of(found.path)
    if not kinds:
        detail = f"{found.path[:80]!r} is no property of a type that is shared here"
        raw = found.path if _RECIPIENT.match(found.path) else found.value
        return Read(raw, refusal=Refusal("pattern_property", detail))
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
