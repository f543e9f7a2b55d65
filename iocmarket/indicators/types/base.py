"""What an IOC type declares. Types are pure: values in, values out; no models, no settings, no network.

Three forms of a value exist: *raw* (as it was typed), *canonical* (reversible, shown and exported, unique with the
type) and the parts that indexes and formats need (`network`, `dns_name`). Normalisation never merges two values that
a victim or an attacker could tell apart: no sorting of queries, no lower-casing of paths, no dropping of fragments.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from iocmarket.indicators.refang import refang
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.registry import Registry

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

MAX_LENGTH = 4096
"""Characters that a value may have, typed or canonical."""


RULE_LENGTH = 60_000
"""Characters that a detection rule may have."""


LETTERS = bytes(range(256)).lower()
"""See `Sign.table`: letters in lower case."""


class Sign(NamedTuple):
    """What betrays a value in a text: cheap to look for, because that is done in every character of it."""

    pattern: bytes
    """An expression that is looked for in the characters of a text as bytes, those outside ASCII being `?`."""
    table: bytes = LETTERS
    """What each of these bytes is turned into before."""
    reach: int = 0
    """Characters, spaces among them, that may stand between the beginning of a match and its sign."""


NO_HYPHEN_BEFORE = r"(?<!\w-)(?<!\w--)(?<!\w---)"
"""No name begins within a name: `b--a.b--a.…` would be tried from each of its hyphens to its end."""
DOTTED = r"[^\s./:@]{0,64}+[./:@]"
"""See `IocType.opens`: one of these characters ends the first label, scheme or mailbox, of at most 64 characters."""
DOTTED_SIGN = Sign(rb"[.@:](?:(?<=@)|(?<=\.)(?=[0-9a-z_?])|(?<=:)(?=[0-9a-f:/?-]| /))")
"""A dot before a word, an @, or what stands after a scheme or a group of IPv6."""
AFTER_USUAL = r"(?![\w@.:(=/\u2013-])"
"""What may follow a usual value so that nothing about it is open: see `IocType.plain`."""
LABELLED = (
    "(?:[Ff][Ii][Ll]|[Nn][Oo][Mm]|[Ii][Mm][Pp]|[Aa][Uu][Tt]|[Jj][Aa][34Rr]|[Hh][Aa][Ss]|[Ss][Ss][Dd]|[Tt][Ll][Ss])"
)
"""The same of the types that running text holds only behind a word that announces them (`ja3:`, `file name:`)."""
LABEL_SIGNS = tuple(Sign(word, reach=24) for word in (b"ash", b"ssh", b"lsh", rb"ja[34r]", b"eep", b"name", b"fich"))
"""Their signs: letters of those words that are rare together."""


class Trait(StrEnum):
    """What a value is good for. Feed formats accept traits, so that a new type reaches them by itself."""

    ADDRESS = "address"
    NETWORK = "network"
    NAME = "name"
    URL = "url"
    MAIL = "mail"
    FILE_HASH = "file-hash"
    FILE_NAME = "file-name"
    AUTONOMOUS_SYSTEM = "autonomous-system"
    VULNERABILITY = "vulnerability"
    TEXT = "text"
    RULE = "rule"


@dataclass(frozen=True, slots=True)
class Canonical:
    """A normalised value and what its reading said about it.

    `subtree`: whether sub-names are meant, where the type has such a notion (None elsewhere).
    `warnings`: stable codes, e.g. `private_suffix`, `documentation_range`.
    """

    value: str
    subtree: bool | None = None
    warnings: tuple[str, ...] = ()


class IocType(ABC):
    """One type of indicator. Subclasses are stateless; one instance is registered."""

    name: ClassVar[str]
    """The contract's name (`ipv4`, `sha256`, …)."""
    misp_type: ClassVar[str]
    """MISP's type of an attribute with such a value (describeTypes), as we write it."""
    aliases: ClassVar[frozenset[str]] = frozenset()
    """Other names under which senders may state the type (MISP's, other tools'), in lower case, each of one type."""
    label: ClassVar[str | _StrPromise]
    """What the value chip shows: short, the same in French and English where the field has one word."""
    traits: ClassVar[frozenset[Trait]]
    lifetime_days: ClassVar[int]
    """Days after which a statement that nobody renewed has lost all its score (docs/scoring.md)."""
    examples: ClassVar[tuple[tuple[str, str], ...]]
    """Pairs (raw, canonical) that the contract test runs; at least one."""
    finds: ClassVar[re.Pattern[str] | None] = None
    """What a candidate looks like in *refanged* free text; None for types that are only ever given explicitly.

    It must be linear on hostile input (anchor it with a lookbehind to the start of a run), match within one line and
    start with a letter, digit, `_`, `.`, `:` or `*` that follows no ASCII letter or digit; it has no named group and no
    flag but IGNORECASE. `normalise` has the last word on every candidate.
    """
    opens: ClassVar[str] = ""
    """A cheap expression, without groups and of bounded length, that matches wherever `finds` does: without it every
    word of a text is tried.

    Neighbours in precedence with the same one share it.
    """
    signs: ClassVar[tuple[Sign, ...]] = (Sign(rb"[^ \t\n]++"),)
    """One of these stands in the first stretch without a space or tab of whatever `finds` finds, or within its reach.

    Types that are rare should have signs that are rare: only stretches with a sign are tried.
    """
    plain: ClassVar[str | None] = None
    """The usual spelling of the type in a text, with what may stand around it so that `finds` would find the same and
    `settle` would leave it as it is; no named group, no flag. `known` has the last word.
    """
    verbatim: ClassVar[bool] = False
    """Whether a value is kept to the letter, because it may contain what elsewhere would be defanging (`C:\\a\\.ssh`).

    Running text holds such a value only where it says so: `filename: "evil.exe"`.
    """
    pattern_type: ClassVar[str] = "stix"
    """The language of `pattern`, by the STIX vocabulary pattern-type-ov: a detection rule is its own pattern."""
    precedence: ClassVar[int] = 100
    """Which type wins when candidates overlap in free text: the lowest number first (url before domain)."""

    @abstractmethod
    def normalise(self, raw: str, *, explicit: bool = False) -> Canonical:
        """The canonical form of a typed value.

        `explicit` is true when the sender named the type; free text is held to a stricter standard (a file name is
        not a domain). Accepts defanged notation. Raises Refusal with a code and a sentence when it is none.
        """

    def usual(self, raw: str) -> Canonical | None:
        """What `normalise` says of the usual spelling of a usual value, for a tenth of its cost; None when in doubt.

        Whoever answers promises: `normalise` says the same of it and of every defanged spelling of it, with and without
        `explicit`, and `cleaned` changes nothing.
        """
        del raw
        return None

    def known(self, text: str, start: int, end: int) -> Canonical | None:
        """What `usual` says of a stretch of refanged text that `plain` matched; None when `finds` has to decide."""
        return self.usual(text[start:end])

    def read(self, raw: str, *, explicit: bool = False) -> Canonical:
        """As `normalise`, which is asked when `usual` does not answer. Raises Refusal as it does."""
        found = self.usual(raw)
        if found is None and len(raw) <= MAX_LENGTH and (plain := refang(raw)) is not raw:
            found = self.usual(plain)
        return self.normalise(raw, explicit=explicit) if found is None else found

    @abstractmethod
    def pattern(self, value: str, *, subtree: bool = False) -> str:
        """The STIX 2.1 pattern (section 9) of a canonical value: one simple comparison, `'` and `\\` escaped.

        Consumers take patterns apart at AND and OR, and would make two indicators of two comparisons.
        """

    def title(self, value: str) -> str:
        """What names the value where a whole rule would be too long."""
        return value

    def match_key(self, value: str) -> str:
        """What likely duplicates share: looser than the canonical value, and only ever used to suggest them."""
        return value

    def settle(self, text: str, start: int, end: int) -> int | None:
        """Where a match of `finds` in refanged text really ends; None when its surroundings say it is something else.

        For what a regular expression cannot decide: balanced brackets, version numbers, code.
        """
        del text, start
        return end

    def unmistakable(self, match: str) -> bool:
        """Whether a match of `finds` can hardly be anything else, so that its refusal is told even in prose."""
        del match
        return False

    def defang(self, value: str) -> str:
        """The value as a person sees it: nothing in it can be clicked or resolved by accident."""
        return value

    def network(self, value: str) -> str | None:
        """The address or network that the value is, in PostgreSQL's `inet` notation, if it is one."""
        del value
        return None

    def dns_name(self, value: str) -> str | None:
        """The DNS name that the value is or lies under (host of a URL, domain of an address), if any."""
        del value
        return None

    def host_address(self, value: str) -> str | None:
        """The address that the value lies at without being it (`http://192.0.2.7/x`), for the blocking guard."""
        del value
        return None


def cleaned(raw: str) -> str:
    """A typed value without its defanging and the white space around it.

    Raises Refusal: `too_long`, `empty`, `nul_character`, `control_character` or `invalid_unicode`, before any type has
    looked at it: such a value can neither be stored in PostgreSQL nor shown.
    """
    if len(raw) > MAX_LENGTH:
        raise Refusal("too_long", f"A value has at most {MAX_LENGTH} characters; this one has {len(raw)}.")
    if _PLAIN.fullmatch(raw) is not None:
        return raw
    text = raw.strip()
    if not text:
        raise Refusal("empty", "There is no value.")
    if (refusal := unfit(text)) is not None:
        raise refusal
    return refang(text).strip()


def exact(raw: str, *, longest: int = MAX_LENGTH, lines: bool = False) -> str:
    """As `cleaned`, but to the letter: for values that may contain what elsewhere would be defanging.

    `lines`: line ends and tabs are part of the value, as in a detection rule; line ends become `\\n`.
    """
    if len(raw) > longest:
        raise Refusal("too_long", f"A value has at most {longest} characters; this one has {len(raw)}.")
    text = raw.strip()
    if not text:
        raise Refusal("empty", "There is no value.")
    if lines:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if (refusal := unfit(text.replace("\n", " ").replace("\t", " ") if lines else text)) is not None:
        raise refusal
    return text


# Every notation of refang.py needs a bracket, a slash, a colon or a character outside of ASCII.
_PLAIN = re.compile(r"[0-9A-Za-z._@-]+")
_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def unfit(text: str) -> Refusal | None:
    """Why a text can be no value for the first of its characters that can neither be stored nor shown, if any."""
    found = _UNFIT.search(text)
    if found is None:
        return None
    character = found[0]
    if character == "\x00":
        return Refusal("nul_character", "The value contains a NUL character.")
    if "\ud800" <= character <= "\udfff":
        return Refusal("invalid_unicode", f"The value contains half a surrogate pair, U+{ord(character):04X}.")
    return Refusal("control_character", f"The value contains the control character U+{ord(character):04X}.")


ioc_types: Registry[IocType] = Registry("iocmarket.indicators.types")


def quoted(value: str) -> str:
    """A STIX string literal (STIX 2.1 section 9.2): backslash and apostrophe escaped."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
