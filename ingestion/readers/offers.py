"""What a text offers to whoever shares it: each value with its place, how sure it is, and what the words around it say.

Items (free_text.py) are what a text surely says. Offers are more: also the host of a URL that was written without a
scheme, a hash inside a URL, values in the comments of a list; with a confidence, so that a page can leave the doubtful
ones unticked. The threat, the labels and the comment are proposals. Pure, and linear in the length of the text.

`heard` gives both in the order of the text, so that every line is accounted for: offers, and what is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from itertools import accumulate

from ingestion.readers.base import Candidate, shown
from ingestion.readers.credentials import redact_value
from ingestion.readers.free_text import Examined, candidate_of, examined, items_of
from ingestion.readers.labels import NO_LABELS, Labels, labels_of, may_hold_label, may_hold_marking, without_labels
from ingestion.readers.scan import Found
from ingestion.readers.threat_words import Word, denied, may_deny, threat_words
from iocmarket.indicators.recognise import recognise
from iocmarket.indicators.threats import ThreatType
from iocmarket.indicators.types.base import Canonical, IocType, Trait
from iocmarket.kernel.decision import Refusal

COMMENT_LENGTH = 500
_HASH = re.compile(r"(?<![0-9A-Za-z])(?:[0-9a-fA-F]{64}|[0-9a-fA-F]{40}|[0-9a-fA-F]{32})(?![0-9A-Za-z])")
_HEADING_WORDS = 8
"""Words that a line without a value may have to speak for the lines after it."""
_NOISE = re.compile(r"[\s\-–—:;,|•·«»\"'()\[\]]+")

DEFANGED, STATED, PLAIN, NAME_IN_PROSE, HOST, INSIDE, DOUBTFUL = 95, 90, 85, 70, 50, 40, 30
"""Confidence in percent: a defanged value was surely meant; a plain name in prose may be anything."""
_UNTOLD = frozenset({"private_address", "documentation_range"})
_DEFANGING = re.compile(r"[\[({«<*\\]")
OFFERED = 60
"""From this confidence on a page ticks an offer by itself."""


class Origin(StrEnum):
    """Where an offer comes from."""

    VALUE = "value"
    HOST = "host"
    INSIDE = "inside"
    COMMENT = "comment"


class Said:
    """What a line says of all its values, and the headings before it; most of it is only found when it is asked for."""

    __slots__ = ("_alone", "_comment", "_context", "_heard", "_index", "_labels", "_words", "harmless")

    def __init__(self, context: Context, index: int, found: Sequence[Found]) -> None:
        self._context, self._index = context, index
        self._heard = len(context.silent)
        typed = context.parts.lines.typed[index]
        self._alone = len(found) == 1 and found[0].raw == typed
        self.harmless = context.may_deny and not self._alone and denied(typed)
        """Whether it calls them legitimate, a false positive, a sinkhole."""
        self._words: tuple[Word, ...] | None = () if self._alone else None
        self._comment: str | None = "" if self._alone else None
        self._labels: Labels | None = None

    @property
    def typed(self) -> str:
        """The line."""
        return self._context.parts.lines.typed[self._index]

    @property
    def words(self) -> tuple[Word, ...]:
        """Its threat words."""
        if self._words is None:
            self._words = threat_words(self.typed)
        return self._words

    @property
    def inherited(self) -> ThreatType | None:
        """The threat of the heading of its block, or of the one before."""
        return self._context.threat_of(self._heard, self._index)

    @property
    def labels(self) -> Labels:
        """Its labels, over those of the headings."""
        if self._labels is None:
            self._labels = self._context.labels_of(self._heard, None if self._alone else self.typed)
        return self._labels

    @property
    def comment(self) -> str:
        """The line without its values and labels, secrets blanked: one comment for all of them."""
        if self._comment is None:
            found = self._context.parts.found.get(self._index, ())
            self._comment = _comment(self.typed, [(each.first, each.last) for each in found])
        return self._comment


@dataclass(slots=True, eq=False)
class Offer:
    """One value of a text."""

    type: str
    canonical: Canonical
    raw: str
    line: int
    """The first is 1."""
    start: int
    end: int
    """Columns of the line as it was typed, the first being 0; `end` is past the last."""
    confidence: int
    origin: Origin
    said: Said

    @property
    def threat_type(self) -> ThreatType | None:
        """What the nearest words propose; nothing for what is harmless."""
        if self.said.harmless:
            return None
        return _nearest(self.said.words, self.start, self.end) or self.said.inherited

    @property
    def labels(self) -> Labels:
        """See `Said`."""
        return self.said.labels

    @property
    def comment(self) -> str:
        """See `Said`."""
        return self.said.comment

    @property
    def harmless(self) -> bool:
        """See `Said`."""
        return self.said.harmless


@dataclass(slots=True, eq=False)
class Refused:
    """A refused candidate, and what its line says of it: for a sender who knows better what it is."""

    candidate: Candidate
    said: Said | None = None
    """Nothing is said of an account with its password."""

    @property
    def line(self) -> int:
        """As of an offer."""
        return self.candidate.line

    @property
    def threat_type(self) -> ThreatType | None:
        """What the first of the words proposes."""
        if self.said is None or self.said.harmless:
            return None
        return self.said.words[0].threat if self.said.words else self.said.inherited

    @property
    def labels(self) -> Labels:
        """See `Said`."""
        return NO_LABELS if self.said is None else self.said.labels

    @property
    def comment(self) -> str:
        """See `Said`."""
        return "" if self.said is None else self.said.comment


@dataclass(frozen=True, slots=True)
class Heard:
    """Everything that a text says, in its order."""

    items: tuple[Offer | Refused, ...] = ()
    lines_without_indicator: tuple[int, ...] = ()
    labels: Labels = NO_LABELS
    """What its headings say of whatever follows: for the next piece of a text that is read in pieces."""


@dataclass
class Context:
    """What the lines without a value say of those after them.

    A short one is a heading: its threat holds for its block and the next, its marking for all that follows.
    """

    parts: Examined
    before: Labels
    """What headings of the text before it said."""
    silent: list[int] = field(default_factory=list)
    """Lines without an offer, in order, as far as they are known."""

    def __post_init__(self) -> None:
        text = self.parts.lines.text if not self.parts.leaked else "\n".join(self.parts.lines.typed)
        self.may_deny = may_deny(text)
        self._may_label, self._may_mark = may_hold_label(text), may_hold_marking(text)

    def threat_of(self, heard: int, index: int) -> ThreatType | None:
        """Of the last heading among the first so many silent lines, if its block is near enough to a line."""
        at, threat = self._threats[heard]
        if threat is None or self.parts.lines.block(index) - self.parts.lines.block(at) > 1:
            return None
        return threat

    def labels_of(self, heard: int, typed: str | None) -> Labels:
        """The labels of a line over those of the first so many silent lines."""
        above = self._markings[heard] if self._may_mark else self.before
        own = NO_LABELS if typed is None or not self._may_label else labels_of(typed)
        return above if own is NO_LABELS else _over(above, own)

    @property
    def marking(self) -> Labels:
        """What holds for whatever follows the text."""
        return self._markings[-1] if self._may_mark else self.before

    @cached_property
    def _headings(self) -> list[str]:
        """The silent lines that are short enough, the others empty."""
        typed = map(self.parts.lines.typed.__getitem__, self.silent)
        return [line if len(line.split(None, _HEADING_WORDS)) <= _HEADING_WORDS else "" for line in typed]

    @cached_property
    def _threats(self) -> list[tuple[int, ThreatType | None]]:
        """After how many silent lines which heading has the word."""
        last: tuple[int, ThreatType | None] = (-1, None)
        heard = [last]
        for index, line in zip(self.silent, self._headings, strict=True):
            if line and (words := threat_words(line)):
                last = (index, words[0].threat)
            heard.append(last)
        return heard

    @cached_property
    def _markings(self) -> list[Labels]:
        return list(accumulate(self._headings, _marked, initial=self.before))


def _marked(above: Labels, heading: str) -> Labels:
    own = labels_of(heading)
    if own.tlp is None and own.pap is None:
        return above
    over = _over(above, own)
    return Labels(over.tlp, over.pap)


def _over(above: Labels, own: Labels) -> Labels:
    """A line's own labels over those of the headings; tags are of their line alone."""
    return Labels(above.tlp if own.tlp is None else own.tlp, above.pap if own.pap is None else own.pap, own.tags)


def offers(text: str) -> tuple[Offer, ...]:
    """The offers of a text in its order. Never raises, whatever the text."""
    return tuple(item for item in heard(text).items if isinstance(item, Offer))


def said_harmless() -> Refusal:
    """Why a value is not taken whose line calls it harmless."""
    return Refusal("said_harmless", "its line says that it is harmless; sent as an item of its own, it is shared")


def heard(text: str, *, labels: Labels = NO_LABELS) -> Heard:
    """Everything that a text says; `labels` are those of the headings before it. Never raises, whatever the text."""
    parts = examined(text, comments=True)
    context = Context(parts, labels)
    commented, aside, silent = frozenset(parts.comments), parts.aside, context.silent
    items: list[Offer | Refused] = [Refused(candidate) for candidate in parts.leaked]
    for index in sorted([*parts.kept, *parts.comments]) if parts.comments else parts.kept:
        found = parts.found.get(index)
        own, offered = _of_line(context, index, found, commented=index in commented) if found else ([], False)
        if not offered:
            silent.append(index)
        if own:
            items += own
        elif index in commented:
            continue
        elif parts.one_per_line:
            said = Said(context, index, found or ())
            items += [Refused(item, said) for item in items_of(parts, index)]
        else:
            aside.append(index + 1)
    if parts.leaked:
        items.sort(key=lambda item: item.line)
    return Heard(tuple(items), tuple(sorted(aside)), context.marking)


def _of_line(
    context: Context, index: int, values: list[Found], *, commented: bool
) -> tuple[list[Offer | Refused], bool]:
    """The values of a line, and what was surely meant as one but is refused; and whether any is offered."""
    items, offered = list[Offer | Refused](), False
    said: Said | None = None
    for found in values:
        if not found.certain:
            continue
        if said is None:
            said = Said(context, index, values)
        kind, canonical = found.type, found.canonical
        if kind is None or canonical is None:
            if not commented:
                items.append(Refused(candidate_of(index + 1, found), said))
            continue
        confidence, origin = _confidence(found, kind, canonical), Origin.VALUE
        if said.harmless or commented:
            confidence = min(confidence, DOUBTFUL)
            origin = Origin.COMMENT if commented else origin
        offer = Offer(
            kind.name, canonical, shown(found.raw), index + 1, found.first, found.last, confidence, origin, said
        )
        items.append(offer)
        offered = True
        if Trait.URL in kind.traits:
            items += _within(offer, kind)
    return items, offered


def _confidence(found: Found, kind: IocType, canonical: Canonical) -> int:
    if canonical.warnings and not _UNTOLD.isdisjoint(canonical.warnings) and kind.dns_name(canonical.value) is None:
        return DOUBTFUL
    raw = found.raw
    if raw != canonical.value and raw.lower() != canonical.value.lower() and _DEFANGING.search(raw) is not None:
        return DEFANGED
    if Trait.NAME in kind.traits:
        return NAME_IN_PROSE
    return STATED if kind.unmistakable(raw) else PLAIN


def _nearest(words: tuple[Word, ...], start: int, end: int) -> ThreatType | None:
    """The threat of the word that stands closest to a value, and not within it."""
    apart = [
        (max(word.start - end, start - word.end), word.threat)
        for word in words
        if word.end <= start or word.start >= end
    ]
    return min(apart, key=lambda each: each[0])[1] if apart else None


def _within(offer: Offer, kind: IocType) -> Iterator[Offer]:
    """The host of a URL without a scheme, and the hashes in a URL: links to a sample's analysis are full of them."""
    url = offer.canonical.value
    host = kind.dns_name(url) if "scheme_assumed" in offer.canonical.warnings else None
    inside = [(host, HOST, Origin.HOST)] if host is not None else []
    inside += [(match[0], INSIDE, Origin.INSIDE) for match in _HASH.finditer(url)]
    for value, confidence, origin in inside:
        try:
            read = recognise(value, "domain" if origin is Origin.HOST else None)
        except Refusal:
            continue
        yield Offer(
            read.type.name, read.canonical, offer.raw, offer.line, offer.start, offer.end,
            min(offer.confidence, confidence), offer.origin if offer.origin is Origin.COMMENT else origin, offer.said,
        )  # fmt: skip


def _comment(text: str, spans: list[tuple[int, int]]) -> str:
    position, pieces = 0, []
    for start, end in sorted(spans):
        pieces.append(text[position:start])
        position = max(position, end)
    bare = without_labels(" ".join([*pieces, text[position:]]))
    words = [word for word in bare.split() if word[0].isalnum() or not _NOISE.fullmatch(word)]
    return redact_value(" ".join(words)).strip(" #-–—:;,|•·«»()")[:COMMENT_LENGTH]
