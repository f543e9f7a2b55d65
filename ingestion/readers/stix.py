"""STIX objects as what is said of values: indicators, and the reports and groupings around them. Pure.

An object is taken as its author wrote it: what it says in the words of this platform (marking, threat type, dates,
confidence, tags) goes with its values, what it says beyond them stays in the object. Fields come out under the names
of the API (ingestion/submissions/choices.py), which checks them as it checks everybody's.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ingestion.readers import credentials
from ingestion.readers.base import Candidate, shown
from ingestion.readers.files import Origin
from ingestion.readers.stix_markings import carried_by, is_marking_label
from ingestion.readers.stix_patterns import Equality, Read, types_of, value_of, values_of
from ingestion.readers.threat_names import is_threat_name, threat_of_label
from iocmarket.indicators.recognise import recognise
from iocmarket.indicators.refang import refang
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.marking import DEFAULT, TLP, Marking

TITLE_MAX = 200
DESCRIPTION_MAX = 20_000
COMMENT_MAX = 2000
TAG_MAX = 100
TAGS_MAX = 50
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(9999, 12, 31, tzinfo=UTC)
_STORIES = frozenset({"report", "grouping"})
# As iocmarket.publication.rendering writes them.
_OUR_LABELS = "iocmarket:"
_SUBTREE = "iocmarket:subtree"
_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z", re.ASCII)
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Context:
    """What an object is read with: the objects that it refers to, and who sends it."""

    definitions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Marking definitions by id."""
    own: Collection[str] = ()
    """The identities that are the sender itself: what they created needs nobody's leave."""
    default: Marking = DEFAULT
    """What a statement without a marking carries."""
    moment: datetime = LATEST
    """The present: a `valid_from` in the future is no date of a first sighting."""
    origin: Origin = Origin.NAMED


@dataclass(frozen=True, slots=True)
class Statement:
    """What one indicator says: values, and what is said of all of them. With a refusal nothing of it is taken."""

    candidates: tuple[Candidate, ...]
    said: Mapping[str, Any]
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """A report or a grouping, and the ids of what it is about."""

    title: str
    description: str
    said: Mapping[str, Any]
    refers_to: tuple[str, ...]


def read_indicator(document: Mapping[str, Any], context: Context, *, line: int = 1) -> Statement:
    """The statement of an `indicator` (section 4.7). Never raises; `line` is the object's place in what was sent."""
    pattern = str(document.get("pattern", ""))
    try:
        return Statement(tuple(_candidate(read, line) for read in _reads(document, pattern)), _said(document, context))
    except Refusal as refusal:
        return Statement((Candidate(line, shown(_redacted(pattern)), refusal=refusal),), {}, refusal)


def read_observable(
    document: Mapping[str, Any], around: Sequence[Mapping[str, Any]], context: Context, *, line: int
) -> Statement:
    """The statement of a cyber-observable object (section 6), under the markings of what refers to it, too.

    Without candidates when it is of no type whose values mean something alone. Never raises.
    """
    reads = [read for found in _equalities_of(document) for read in [value_of(found)]]
    try:
        marks = [*around, document]
        merged = {
            "created_by_ref": next((found["created_by_ref"] for found in marks if "created_by_ref" in found), None),
            **{name: [each for found in marks for each in _list(found.get(name))] for name in _MARKS},
        }
        said = _marking(merged, context)
        seen = [text for found in around if (text := _moment_of(found.get("first_observed"), context))]
        said |= {"first_seen": min(seen)} if seen else {}
        return Statement(tuple(_candidate(read, line) for read in reads), said)
    except Refusal as refusal:
        return Statement(tuple(Candidate(line, shown(read.raw), refusal=refusal) for read in reads), {}, refusal)


_MARKS = ("object_marking_refs", "granular_markings", "labels")
# The property that means the object, by its type; the others tell of it.
_MEANS = {
    "ipv4-addr": "value", "ipv6-addr": "value", "domain-name": "value", "url": "value", "email-addr": "value",
    "mac-addr": "value", "mutex": "name", "windows-registry-key": "key",
}  # fmt: skip
_HASHED = frozenset({"file", "x509-certificate", "artifact"})


def is_observable(document: Mapping[str, Any]) -> bool:
    """Whether an object may be a value by itself."""
    return document.get("type") in _MEANS or document.get("type") in _HASHED


def _equalities_of(document: Mapping[str, Any]) -> list[Equality]:
    kind = str(document.get("type"))
    if kind in _HASHED:
        hashes = document.get("hashes")
        kind = "file" if kind == "artifact" else kind
        pairs = hashes.items() if isinstance(hashes, dict) else ()
        found = [Equality(f"{kind}:hashes.'{name}'", text) for name, text in pairs if isinstance(text, str)]
        return [equality for equality in found if types_of(equality.path)]
    text = document.get(_MEANS.get(kind, ""))
    return [Equality(f"{kind}:{_MEANS[kind]}", text)] if isinstance(text, str) and kind in _MEANS else []


def is_story(document: Mapping[str, Any]) -> bool:
    """Whether an object is a story around indicators: a report (section 4.16) or a grouping (section 4.6)."""
    return document.get("type") in _STORIES


def read_story(document: Mapping[str, Any], context: Context) -> Story:
    """The story of a `report` or a `grouping`. Raises Refusal for a marking that is not understood."""
    name = _plain(document.get("name")).strip() or _plain(document.get("context")).strip()
    if not name:
        raise Refusal("title_missing", "a report without a name is no report here")
    said = _marking(document, context)
    description = _redacted(_plain(document.get("description")).strip())[:DESCRIPTION_MAX]
    return Story(_redacted(name)[:TITLE_MAX], description, said, refers_to(document))


def is_identity_of(document: Mapping[str, Any], name: str) -> bool:
    """Whether an object is the identity (section 4.5) of the institution of that name: it bears it."""
    said = document.get("name")
    return document.get("type") == "identity" and isinstance(said, str) and _folded(said) == _folded(name)


def _folded(name: str) -> str:
    return " ".join(name.split()).casefold()


def refers_to(document: Mapping[str, Any]) -> tuple[str, ...]:
    """The ids in `object_refs`, each once."""
    refs = document.get("object_refs")
    found = refs if isinstance(refs, list) else []
    return tuple(dict.fromkeys(ref for ref in found if isinstance(ref, str)))


def timestamp(text: object) -> datetime | None:
    """A STIX timestamp (section 2.11), to the microsecond; None for what is none."""
    if not isinstance(text, str) or not _STAMP.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _reads(document: Mapping[str, Any], pattern: str) -> list[Read]:
    """The values of a pattern; a rule, and what is more than values, is one of its own type. Raises Refusal."""
    kind = str(document.get("pattern_type", "stix")).lower()
    if kind != "stix":
        if kind not in _RULES:
            detail = f"patterns of type {kind[:40]!r} are stored, but no values are read from them"
            raise Refusal("pattern_type", detail)
        return [_rule(pattern, _RULES[kind])]
    try:
        return values_of(pattern)
    except Refusal as refusal:
        if refusal.code != "pattern_not_simple" or _MORE.search(pattern) is None:
            raise
        found = _rule(pattern, "stix-pattern")
        if found.canonical is None:
            raise
        return [found]


# Only what says one of these is worth the parser of patterns, which is slow.
_MORE = re.compile(r"\b(?:AND|FOLLOWEDBY|MATCHES|LIKE|NOT|EXISTS|ISSUPERSET|WITHIN|REPEATS|START)\b|[<>]|!=")
_RULES = {"yara": "yara", "sigma": "sigma", "suricata": "suricata", "snort": "suricata"}


def _rule(text: str, kind: str) -> Read:
    try:
        return Read(text, kind, recognise(text, kind).canonical)
    except Refusal as refusal:
        return Read(text, kind, refusal=refusal)


def _candidate(read: Read, line: int) -> Candidate:
    if credentials.secrets_in(refang(read.raw)):
        return Candidate(line, shown(_redacted(read.raw)), refusal=credentials.refusal())
    return Candidate(line, shown(read.raw), read.type or None, read.canonical, read.refusal)


def _said(document: Mapping[str, Any], context: Context) -> dict[str, Any]:
    said = _marking(document, context)
    for name, value in (
        ("confidence", document.get("confidence")),
        ("valid_until", document.get("valid_until")),
        ("first_seen", _first_seen(document, context)),
        ("threat_type", _threat_type(document)),
        ("comment", _comment(document)),
        ("tags", _tags(document)),
        ("subtree", True if _SUBTREE in _texts(document.get("labels")) else None),
    ):
        if value not in (None, "", []):
            said[name] = value
    return said


def _marking(document: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """The marking that is carried, and for whom that leaves it (domain.md, Marking). Raises Refusal."""
    carried = carried_by(document, context.definitions)
    said: dict[str, Any] = {}
    if carried.tlp is not None:
        said["tlp"] = carried.tlp.label
    if carried.pap is not None:
        said["pap"] = carried.pap.label
    author = document.get("created_by_ref")
    tlp = context.default.tlp if carried.tlp is None else carried.tlp
    foreign = context.origin.is_foreign(isinstance(author, str), own=isinstance(author, str) and author in context.own)
    if foreign and tlp >= TLP.AMBER:
        said["audience"] = "own"
    return said


def _first_seen(document: Mapping[str, Any], context: Context) -> str | None:
    """`valid_from`, when it lies behind: from then on its author knew it to be used."""
    return _moment_of(document.get("valid_from"), context)


def _moment_of(text: object, context: Context) -> str | None:
    moment = timestamp(text)
    return moment.isoformat() if moment is not None and EARLIEST <= moment <= context.moment else None


def _threat_type(document: Mapping[str, Any]) -> str | None:
    said = (*_texts(document.get("labels")), *_texts(document.get("indicator_types")))
    return next(filter(None, map(threat_of_label, said)), None)


def _comment(document: Mapping[str, Any]) -> str:
    """The description; without one the name, unless it is nothing but the value."""
    text = _plain(document.get("description")).strip()
    name = _plain(document.get("name")).strip()
    if not text and name and name not in str(document.get("pattern", "")):
        text = name
    return text if len(text) <= COMMENT_MAX else text[: COMMENT_MAX - 1] + "…"


def _tags(document: Mapping[str, Any]) -> list[str]:
    """Labels that are no marking, no threat type and not ours; those that are too long stay in the object alone."""
    found = [_plain(label).strip() for label in _texts(document.get("labels"))]
    kept = [
        label
        for label in dict.fromkeys(found)
        if label
        and len(label) <= TAG_MAX
        and not is_marking_label(label)
        and not is_threat_name(label)
        and not label.startswith(_OUR_LABELS)
    ]
    return kept[:TAGS_MAX]


def _redacted(text: str) -> str:
    return credentials.redact(text)


def _plain(value: Any) -> str:
    """A text without what can neither be stored nor shown; empty for anything else."""
    return _UNFIT.sub("", value) if isinstance(value, str) else ""


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _texts(value: Any) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
