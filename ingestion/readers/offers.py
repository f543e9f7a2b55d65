"""What a text offers to whoever shares it: each value with its place, how sure it is, and what the words around it say.

Items (free_text.py) are what a text surely says. Offers are more: also the host of a URL that was written without a
scheme, a hash inside a URL, values in the comments of a list; with a confidence, so that a page can leave the doubtful
ones unticked. The threat, the labels and the comment are proposals. Pure, and linear in the length of the text.

`heard` gives both in the order of the text, so that every line is accounted for: offers, and what is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from ingestion.readers.base import Candidate, shown
from ingestion.readers.credentials import redact_value
from ingestion.readers.free_text import Line, candidate_of, examined, items_of
from ingestion.readers.labels import NO_LABELS, Labels, labels_of, without_labels
from ingestion.readers.scan import Found
from ingestion.readers.threat_words import Word, denied, threat_words
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
OFFERED = 60
"""From this confidence on a page ticks an offer by itself."""


class Origin(StrEnum):
    """Where an offer comes from."""

    VALUE = "value"
    HOST = "host"
    INSIDE = "inside"
    COMMENT = "comment"


@dataclass(frozen=True, slots=True)
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
    threat_type: ThreatType | None = None
    labels: Labels = NO_LABELS
    comment: str = ""
    """The line without its values and labels, secrets blanked."""
    harmless: bool = False
    """Whether its line calls it legitimate, a false positive, a sinkhole."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A refused candidate, and what its line says of it: for a sender who knows better what it is."""

    candidate: Candidate
    threat_type: ThreatType | None = None
    labels: Labels = NO_LABELS
    comment: str = ""

    @property
    def line(self) -> int:
        """As of an offer."""
        return self.candidate.line


@dataclass(frozen=True, slots=True)
class Heard:
    """Everything that a text says, in its order."""

    items: tuple[Offer | Refused, ...] = ()
    lines_without_indicator: tuple[int, ...] = ()
    labels: Labels = NO_LABELS
    """What its headings say of whatever follows: for the next piece of a text that is read in pieces."""


@dataclass(slots=True)
class _Above:
    """What headings say of the lines after them."""

    block: int = -1
    threat: ThreatType | None = None
    labels: Labels = NO_LABELS


def offers(text: str) -> tuple[Offer, ...]:
    """The offers of a text in its order. Never raises, whatever the text."""
    return tuple(item for item in heard(text).items if isinstance(item, Offer))


def heard(text: str, *, labels: Labels = NO_LABELS) -> Heard:
    """Everything that a text says; `labels` are those of the headings before it. Never raises, whatever the text."""
    parts = examined(text, comments=True)
    commented = {line.number for line in parts.comments}
    found: list[Offer | Refused] = [Refused(candidate) for candidate in parts.leaked]
    above = _Above(labels=labels)
    for line in sorted([*parts.lines, *parts.comments], key=lambda line: line.number):
        own = _of_line(line, above)
        if not any(isinstance(item, Offer) for item in own):
            _hear(above, line)
        if line.number in commented:
            found += [_in_comment(item) for item in own if isinstance(item, Offer)]
        elif own:
            found += own
        elif parts.one_per_line:
            found += [_refused(item, _said(line, above)) for item in items_of(line, one_per_line=True)]
        else:
            parts.aside.append(line.number)
    found.sort(key=lambda item: item.line)
    return Heard(tuple(found), tuple(sorted(parts.aside)), above.labels)


def _in_comment(offer: Offer) -> Offer:
    return replace(offer, origin=Origin.COMMENT, confidence=min(offer.confidence, DOUBTFUL))


def _hear(above: _Above, line: Line) -> None:
    """A short line without a value is a heading: its threat holds for its block, its marking for all that follows."""
    if len(line.typed.split(None, _HEADING_WORDS)) > _HEADING_WORDS:
        return
    if words := threat_words(line.typed):
        above.block, above.threat = line.block, words[0].threat
    labels = labels_of(line.typed)
    if labels.tlp is not None or labels.pap is not None:
        above.labels = replace(_over(above.labels, labels), tags=())


def _of_line(line: Line, above: _Above) -> list[Offer | Refused]:
    """The values of a line, and what was surely meant as one but is refused."""
    items: list[Offer | Refused] = []
    said: _Said | None = None
    for found in line.found:
        if found.certain:
            said = said or _said(line, above)
            if found.type is not None and found.canonical is not None:
                items += _offered(found, found.type, found.canonical, line, said)
            else:
                items.append(_refused(candidate_of(line.number, found), said))
    return items


def _refused(candidate: Candidate, said: _Said) -> Refused:
    nearest = said.words[0].threat if said.words else said.inherited
    return Refused(candidate, None if said.harmless else nearest, said.labels, said.comment)


@dataclass(slots=True)
class _Said:
    """What a line says of all its values."""

    words: tuple[Word, ...]
    inherited: ThreatType | None
    labels: Labels
    comment: str
    harmless: bool


def _said(line: Line, above: _Above) -> _Said:
    inherited = above.threat if line.block - above.block in {0, 1} else None
    if len(line.found) == 1 and line.found[0].raw == line.typed:
        return _Said((), inherited, above.labels, "", harmless=False)
    own, labels = labels_of(line.typed), above.labels
    if own is not NO_LABELS:
        labels = Labels(
            labels.tlp if own.tlp is None else own.tlp, labels.pap if own.pap is None else own.pap, own.tags
        )
    return _Said(threat_words(line.typed), inherited, labels, _comment(line), harmless=denied(line.typed))


def _over(above: Labels, own: Labels) -> Labels:
    """A line's own labels over those of the headings; tags are of their line alone."""
    return Labels(above.tlp if own.tlp is None else own.tlp, above.pap if own.pap is None else own.pap, own.tags)


def _offered(found: Found, kind: IocType, canonical: Canonical, line: Line, said: _Said) -> Iterator[Offer]:
    start, end = line.content.span(found.start, found.end)
    offer = Offer(
        kind.name, canonical, shown(found.raw), line.number, start, end,
        min(_confidence(found, kind, canonical), DOUBTFUL if said.harmless else 100), Origin.VALUE,
        None if said.harmless else _nearest(said.words, start, end) or said.inherited,
        said.labels, said.comment, said.harmless,
    )  # fmt: skip
    yield offer
    yield from _within(offer, kind)


def _confidence(found: Found, kind: IocType, canonical: Canonical) -> int:
    if kind.dns_name(canonical.value) is None and {"private_address", "documentation_range"} & {*canonical.warnings}:
        return DOUBTFUL
    if found.raw.lower() != canonical.value.lower() and any(sign in found.raw for sign in "[({«<*\\"):
        return DEFANGED
    if Trait.NAME in kind.traits:
        return NAME_IN_PROSE
    return STATED if kind.unmistakable(found.raw) else PLAIN


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
    if Trait.URL not in kind.traits:
        return
    url = offer.canonical.value
    host = kind.dns_name(url) if "scheme_assumed" in offer.canonical.warnings else None
    inside = [(host, HOST, Origin.HOST)] if host is not None else []
    inside += [(match[0], INSIDE, Origin.INSIDE) for match in _HASH.finditer(url)]
    for value, confidence, origin in inside:
        try:
            read = recognise(value, "domain" if origin is Origin.HOST else None)
        except Refusal:
            continue
        yield replace(
            offer,
            type=read.type.name,
            canonical=read.canonical,
            confidence=min(offer.confidence, confidence),
            origin=origin,
        )


def _comment(line: Line) -> str:
    """What the line says besides its values: one comment for all of them."""
    text, position, pieces = line.typed, 0, []
    for start, end in sorted(line.content.span(found.start, found.end) for found in line.found):
        pieces.append(text[position:start])
        position = max(position, end)
    bare = without_labels(" ".join([*pieces, text[position:]]))
    words = [word for word in bare.split() if word[0].isalnum() or not _NOISE.fullmatch(word)]
    return redact_value(" ".join(words)).strip(" #-–—:;,|•·«»()")[:COMMENT_LENGTH]
