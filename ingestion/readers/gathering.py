"""The values of one file, each once: what texts offer, what links lead to, what a reader states itself. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ingestion.readers.base import Candidate, shown
from ingestion.readers.credentials import redact, redact_value
from ingestion.readers.files import Told
from ingestion.readers.labels import NO_LABELS, Labels, labels_of
from ingestion.readers.offers import DOUBTFUL, NAME_IN_PROSE, OFFERED, Offer, Origin, offers, said_harmless
from ingestion.readers.page_text import Link, Page, page_of
from iocmarket.indicators.recognise import Recognised, recognise
from iocmarket.indicators.types.base import ioc_types
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.marking import TLP, Marking

TEXT_MAX = 1024 * 1024
"""Characters of text of one file that are read; a page of a report has about 3,000."""
LINES_MAX = 50_000
"""Lines of one file that are read: each costs time, however short it is."""
ITEMS_MAX = 20_000
"""Values of one file."""
HEADING_WORDS = 8
HEADING_MAX = 200
_SCHEMES = ("http:", "https:", "ftp:", "hxxp:", "hxxps:", "//")

Clean = Callable[[str, str], str | None]
"""From the name of a type and a spelling to what may be kept of it; None when nothing is to be told. Raises Refusal."""


def as_it_is(_kind: str, text: str) -> str | None:
    """Everything is kept."""
    return text


@dataclass(frozen=True, slots=True)
class _Said:
    """What is said of a value."""

    sure: int = 100
    """In percent."""
    labels: Labels = NO_LABELS
    hinted: Mapping[str, str] = field(default_factory=dict)
    """What the words around it say, by the API's names."""

    def over(self, before: _Said) -> _Said:
        """Both, of a value that is met again: the surer counts, the stricter marking, and the words that came first."""
        labels = _strictest(before.labels, self.labels)
        return _Said(max(before.sure, self.sure), labels, {**self.hinted, **before.hinted})


@dataclass(slots=True)
class Gathering:
    """Gathers the values of one file; of several mentions of one value the surest counts."""

    default: Marking
    clean: Clean = as_it_is
    prose_is_doubtful: bool = False
    """Whether a name without any sign that it is meant as a value counts as doubtful: in what an attacker wrote."""
    labels: Labels = NO_LABELS
    """The markings that the file itself carries, the strictest of each scale."""
    hints: frozenset[str] = frozenset()
    """What the words around a value may say of it (FileContext.hints); nothing where an attacker wrote them."""
    _told: dict[tuple[str, str], tuple[Candidate, _Said]] = field(default_factory=dict)
    _left: int = TEXT_MAX
    _lines_left: int = LINES_MAX

    def __iter__(self) -> Iterator[Told]:
        for candidate, found in self._told.values():
            said = {**self.marking(found.labels), **found.hinted}
            yield Told(candidate, {**said, "confidence": found.sure} if found.sure <= DOUBTFUL else said)

    def __len__(self) -> int:
        return len(self._told)

    def marking(self, own: Labels = NO_LABELS) -> dict[str, Any]:
        """The marking of the file and of a value in it, where it is stricter than what the sender has said of all."""
        labels, said = _strictest(self.labels, own), dict[str, Any]()
        if labels.tlp is not None and labels.tlp > self.default.tlp:
            said["tlp"] = labels.tlp.label
            if labels.tlp is TLP.RED:
                said["audience"] = "own"  # it is for persons, and a file names none
        if labels.pap is not None and labels.pap > self.default.pap:
            said["pap"] = labels.pap.label
        return said

    def marked(self, lines: Iterable[str]) -> None:
        """Hear the markings in headings and feet of pages; a longer line may explain what a marking means."""
        for line in lines:
            if len(line) <= HEADING_MAX and len(line.split()) <= HEADING_WORDS:
                self.labels = _strictest(self.labels, labels_of(line))

    def text(self, text: str, places: Sequence[int] | int, *, least: int = OFFERED) -> None:
        """What a text offers, from that confidence on; `places` are those of its lines, or the one of the whole."""
        lines = text.split("\n", self._lines_left)
        if len(text) > self._left or len(lines) > self._lines_left:
            self._say_cut(places if isinstance(places, int) else places[-1] if places else 1)
            text = "\n".join(lines[: self._lines_left])[: self._left]
        self._left -= len(text)
        self._lines_left -= min(len(lines), self._lines_left)
        for offer in offers(text):
            place = places if isinstance(places, int) else places[min(offer.line, len(places)) - 1]
            if self.hints and offer.harmless and offer.origin is Origin.VALUE:
                self.refused(offer.raw, offer.type, place, said_harmless())
            if offer.confidence < least:
                continue
            sure = DOUBTFUL if self.prose_is_doubtful and offer.confidence <= NAME_IN_PROSE else offer.confidence
            self._offered(offer, place, sure)

    def _offered(self, offer: Offer, place: int, sure: int) -> None:
        value, said = offer.canonical.value, _Said(sure, offer.labels, self._hinted(offer))
        try:
            kept, raw = self.clean(offer.type, value), self.clean(offer.type, offer.raw)
        except Refusal as refusal:
            self.refused("", offer.type, place, refusal)
            return
        if kept == value:
            self._keep(Recognised(ioc_types[offer.type], offer.canonical), raw or value, place, said)
        elif kept is not None:
            self._read(kept, offer.type, place, said)

    def _hinted(self, offer: Offer) -> dict[str, str]:
        """What the words around a value say, as far as nobody else does."""
        words = {"threat_type": offer.threat_type.value if offer.threat_type else "", "comment": offer.comment}
        return {name: said for name, said in words.items() if said and name in self.hints}

    def html(self, source: str, line: int = 1, *, placed: bool = True) -> Page:
        """What a page shows and leads to. Its lines are those of the file if it is `placed`, else all are at `line`."""
        if len(source) > self._left * 4:
            self._say_cut(line)
            source = source[: self._left * 4]
        page = page_of(source)
        for link in page.links:
            self.link(link, link.line if placed else line)
        self.text("\n".join(page.lines), page.places if placed else line)
        for script, place in page.scripts:
            self.text(script, place if placed else line, least=NAME_IN_PROSE + 1)
        return page

    def link(self, link: Link, place: int) -> None:
        """Where something leads; what is only fetched to be shown, a picture or a font, is doubtful."""
        lowered = link.url[:8].lower()
        if lowered.startswith("mailto:"):
            self.value(link.url, "email", place)
        elif lowered.startswith(_SCHEMES):
            url = f"https:{link.url}" if lowered.startswith("//") else link.url
            self.value(url, "url", place, sure=DOUBTFUL if link.fetched else 100)

    def value(self, raw: str, kind: str, place: int, *, sure: int = 100) -> None:
        """A value whose type is known."""
        try:
            kept = self.clean(kind, raw)
        except Refusal as refusal:
            self.refused("", kind, place, refusal)
            return
        if kept is not None:
            self._read(kept, kind, place, _Said(sure))

    def _read(self, text: str, kind: str, place: int, said: _Said) -> None:
        try:
            self._keep(recognise(text, kind), text, place, said)
        except Refusal as refusal:
            self.refused(text, kind, place, refusal)

    def refused(self, raw: str, kind: str, place: int, refusal: Refusal) -> None:
        """What is none; told once."""
        key = (f"{refusal.code} {kind}", raw)
        if key not in self._told and self._has_room(place):
            self._told[key] = (Candidate(place, shown(redact(raw)), kind, refusal=refusal), _Said())

    def _keep(self, found: Recognised, raw: str, place: int, said: _Said) -> None:
        key = (found.type.name, found.canonical.value)
        before = self._told.get(key)
        if before is not None:
            self._told[key] = (before[0], said.over(before[1]))
        elif self._has_room(place):
            candidate = Candidate(place, shown(redact_value(raw)), found.type.name, found.canonical)
            self._told[key] = (candidate, said)

    def _has_room(self, place: int) -> bool:
        if len(self._told) >= ITEMS_MAX:
            self._say_cut(place, "too_many_values")
        return len(self._told) < ITEMS_MAX

    def _say_cut(self, place: int, code: str = "text_cut") -> None:
        key = (code, "")
        if key not in self._told:
            self._told[key] = (Candidate(place, "", refusal=cut(code)), _Said())


def _strictest(*labels: Labels) -> Labels:
    tlps = [each.tlp for each in labels if each.tlp is not None]
    paps = [each.pap for each in labels if each.pap is not None]
    return Labels(max(tlps, default=None), max(paps, default=None))


def cut(code: str) -> Refusal:
    """Why the rest of a file is not read; the cap is named."""
    if code == "too_many_values":
        return Refusal("too_many_values", f"of one file {ITEMS_MAX} values are taken")
    return Refusal("text_cut", f"of one file {TEXT_MAX} characters of text, in {LINES_MAX} lines, are read")
