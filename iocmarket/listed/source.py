"""A warning list as it was written, sorted by how its lines are looked up. Pure.

Read are MISP's warning lists (one JSON document) and plain lines. Their types say how MISP compares; here it depends on
what a line is: an address or network is a range, a name stands for itself or also for what lies below it, everything
else is a word that must be equal.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from iocmarket.indicators.subjects import Span, span_of
from iocmarket.indicators.warninglists.base import Severity
from iocmarket.kernel.decision import Refusal

ENTRIES_MAX = 200_000
"""Lines of a list that somebody adds."""
LINE_MAX = 400
SUBSTRING_MIN = 4
"""Characters: less would be found in every second value."""
_NAME = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,62})\.)*[a-z0-9](?:[a-z0-9-]{0,62})")
_SLUG = re.compile(r"[^a-z0-9]+")
_DELIMITED = re.compile(r"(?s)\A([/#~%!@])(.*)\1([a-zA-Z]*)\Z")
"""An expression of PHP between its delimiters, with its flags, as MISP's lists have them."""
_FLAGS = {"i": re.IGNORECASE, "s": re.DOTALL, "m": re.MULTILINE, "u": re.UNICODE}


@dataclass(slots=True, kw_only=True)
class Source:
    """One list, read. Names are lower case; `below` holds those that stand for everything under them too."""

    name: str
    label: str
    version: str
    severity: Severity
    ranges: list[Span] = field(default_factory=list)
    exact: set[str] = field(default_factory=set)
    below: set[str] = field(default_factory=set)
    words: set[str] = field(default_factory=set)
    substrings: set[str] = field(default_factory=set)
    patterns: list[str] = field(default_factory=list)

    @property
    def entries(self) -> int:
        """How many lines say something."""
        held = (self.ranges, self.exact, self.below, self.words, self.substrings, self.patterns)
        return sum(map(len, held))

    def add(self, line: str, *, kind: str, below: bool) -> None:
        """Sort one line. `kind` is MISP's; `below` says whether names without a leading dot mean what lies below."""
        text = line.strip().lower()
        if kind == "regex":
            self.patterns.append(expression(line.strip()))
        elif not text:
            return
        elif (span := _range(text)) is not None:
            self.ranges.append(span)
        elif "." in (name := text.strip(".")) and _NAME.fullmatch(name):
            (self.below if below or text.startswith(".") else self.exact).add(name)
        elif kind == "substring" and len(text) >= SUBSTRING_MIN:
            self.substrings.add(text)
        else:
            self.words.add(text)


def expression(text: str) -> str:
    """An expression of PHP (`/…/i`) as Python writes it. Raises ValueError for one that Python cannot read."""
    found = _DELIMITED.match(text)
    body, flags = (found[2], found[3]) if found else (text, "")
    if set(flags) - set(_FLAGS):
        raise ValueError(f"unknown flags {flags!r}")
    try:
        compiled = re.compile(body, sum(_FLAGS[flag] for flag in set(flags)))
    except re.error as error:
        raise ValueError(str(error)) from error
    letters = "".join(sorted(set(flags) & set("ism")))
    return f"(?{letters}:{compiled.pattern})" if letters else compiled.pattern


def read_misp(document: Any, *, severity: Severity, name: str = "", below: bool | None = None) -> Source:
    """A warning list of MISP. `below` overrides what its type says of names. Raises Refusal(`not_a_warning_list`)."""
    if not isinstance(document, dict) or not isinstance(document.get("list"), list):
        raise Refusal(
            "not_a_warning_list", "a warning list of MISP is an object with the fields name, version and list"
        )
    kind = str(document.get("type", "string"))
    label = _printable(str(document.get("name") or name))
    found = Source(
        name=name or slug(label), label=label, version=_one_word(str(document.get("version", "1"))),
        severity=severity,
    )  # fmt: skip
    wide = kind in {"hostname", "substring"} if below is None else below
    for line in document["list"]:
        if isinstance(line, str):
            found.add(line, kind=kind, below=wide)
    return found


def read_lines(lines: Iterable[str], *, label: str, version: str, severity: Severity) -> Source:
    """One value a line, `#` begins a comment; a name that begins with a dot means also what lies below it."""
    found = Source(name=slug(label), label=_printable(label), version=_one_word(version), severity=severity)
    for line in lines:
        found.add(line.partition("#")[0], kind="string", below=False)
    return found


def slug(label: str) -> str:
    """The name under which a list is kept: small letters without accents, digits and hyphens."""
    bare = unicodedata.normalize("NFKD", label.lower())
    return _SLUG.sub("-", "".join(sign for sign in bare if not unicodedata.combining(sign))).strip("-")[:60]


def _one_word(text: str) -> str:
    return slug(text)[:40] or "1"


def _printable(text: str) -> str:
    return "".join(letter for letter in " ".join(text.split()) if letter.isprintable())[:200]


def _range(text: str) -> Span | None:
    if not (text[0].isdigit() or ":" in text):
        return None
    try:
        found = span_of(text)
    except ValueError:
        return None
    mapped = ipaddress.IPv6Address(found.first).ipv4_mapped if found.version == 6 else None
    if mapped is not None and found.prefixlen >= 96:
        return span_of(f"{mapped}/{found.prefixlen - 96}")
    return found
