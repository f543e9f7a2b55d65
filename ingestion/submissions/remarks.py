"""What the words around a value of a text say of it: its line's labels, threat and comment, over the sender's defaults.

A label is said of the values of its line, stricter or looser than the defaults (domain.md, Marking: what carries a
marking keeps it). Threat and comment are guesses from the words: they hold where the sender gives none. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ingestion.readers.labels import NO_LABELS, Labels
from ingestion.readers.offers import Offer, Refused
from ingestion.submissions.choices import TAG_MAX, TAGS_MAX, Choices, read_choices
from iocmarket.indicators.threats import ThreatType
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.marking import PAP, TLP

IN_LINE = "marking_in_line"
"""The warning that a value's line gives its marking."""
Remark = tuple[Choices, bool]
"""What holds for a value, and whether that is another marking than the default."""
_NOTHING: dict[str, Any] = {}


def hints(base: Choices, given: Mapping[str, Any]) -> frozenset[str]:
    """What the sender has left to the words around a value."""
    threat_open = "threat_type" not in given and base.threat_type == ThreatType.OTHER.value
    return frozenset({"threat_type"} if threat_open else ()) | frozenset(() if base.comment else {"comment"})


class Remarks:
    """Reads what lines say; most lines of a text say the same, or nothing, which is understood once."""

    def __init__(self, base: Choices, given: Mapping[str, Any]) -> None:
        self.base = base
        self._hints = hints(base, given)
        self._understood: dict[object, Remark | Refusal] = {}

    def of(self, offer: Offer, said: Mapping[str, Any]) -> Remark:
        """What holds for an offer of which this is said. Raises Refusal for what excludes itself (RED to everybody)."""
        key = (offer.labels, offer.threat_type, offer.comment)
        found = self._understood.get(key)
        if found is None:
            found = self._understood[key] = self._read(said)
        if isinstance(found, Refusal):
            raise found
        return found

    def _read(self, said: Mapping[str, Any]) -> Remark | Refusal:
        try:
            choices = read_choices(said, base=self.base, where="", own=True)
        except Refusal as refusal:
            return refusal
        return choices, (choices.tlp, choices.pap) != (self.base.tlp, self.base.pap)

    def said(self, offer: Offer | Refused) -> dict[str, Any]:
        """What the words say, by the names of the API, fit for JSON."""
        if offer.labels is NO_LABELS and offer.threat_type is None and not offer.comment:
            return _NOTHING
        said: dict[str, Any] = {}
        if offer.labels.tlp is not None:
            said["tlp"] = offer.labels.tlp.slug
        if offer.labels.pap is not None:
            said["pap"] = offer.labels.pap.slug
        if offer.labels.tags:
            tags = (tag[:TAG_MAX] for tag in (*self.base.tags, *offer.labels.tags))
            said["tags"] = list(dict.fromkeys(tags))[:TAGS_MAX]
        if offer.threat_type is not None and "threat_type" in self._hints:
            said["threat_type"] = offer.threat_type.value
        if offer.comment and "comment" in self._hints:
            said["comment"] = offer.comment
        return said


def written_labels(labels: Labels) -> dict[str, str]:
    """What headings say of the rest of a long text, as it lies in the database between two pieces."""
    levels = {"tlp": labels.tlp, "pap": labels.pap}
    return {name: level.slug for name, level in levels.items() if level is not None}


def read_labels(written: Mapping[str, str]) -> Labels:
    """The same, read again."""
    tlp, pap = written.get("tlp"), written.get("pap")
    return Labels(TLP.parse(tlp) if tlp else None, PAP.parse(pap) if pap else None)
