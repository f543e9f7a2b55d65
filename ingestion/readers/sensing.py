"""What readers of sensors share: events one by one, which side of a connection is outside, one item an address. Pure.

A sensor repeats itself: what thousands of events say of one address is one item, with how often and from when to when.
Nothing else of an event is kept: the users, passwords and commands in it are those of victims as often as not.
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ingestion.readers.base import Row
from ingestion.readers.files import Source, document_in
from ingestion.readers.ndjson import object_in
from ingestion.readers.telling import COMMENT_MAX, moment_of, plain, without_empty
from iocmarket.indicators.guard import Network
from iocmarket.indicators.threats import ThreatType
from iocmarket.kernel.decision import Refusal

_SAID_MOST = 5
"""Messages of a sensor that a comment repeats."""


def events_in(source: Source) -> Iterator[tuple[int, Mapping[str, Any] | Refusal]]:
    """Each event with its line, or why there is none: JSON lines, one object, or an array, of which the place counts.

    Raises Problem 400 for an array that is no JSON.
    """
    for number, line in enumerate(source.lines(), start=1):
        text = line.strip()
        if not text:
            continue
        if number == 1 and _goes_on(text):
            yield from _of_document(document_in(source))
            return
        yield number, _event(text)


def _goes_on(text: str) -> bool:
    """Whether a first line is not an event, but the beginning of a document."""
    return text.startswith("[") or (text.startswith("{") and not text.endswith("}"))


def _of_document(document: Any) -> Iterator[tuple[int, Mapping[str, Any] | Refusal]]:
    for place, event in enumerate(document if isinstance(document, list) else [document], start=1):
        yield place, event if isinstance(event, dict) else Refusal("not_an_object", "an event is a JSON object")


def _event(text: str) -> Mapping[str, Any] | Refusal:
    try:
        return object_in(text)
    except Refusal as refusal:
        return refusal


def unreadable(line: int, refusal: Refusal) -> Row:
    """A line that is no event. Nothing of it is shown: what cannot be read cannot be redacted."""
    return Row(line, {}, "…", Refusal(refusal.code, "the line is no JSON object"))


def outside(source: object, destination: object, own: tuple[Network, ...]) -> str | None:
    """The side of a connection that is of the Internet and not the institution's own; None when neither is.

    Raises Refusal(`side_unknown`) when both are: of the attacker and the victim one would be shared by chance.
    """
    sides = [side for side in (source, destination) if isinstance(side, str) and is_outside(side, own)]
    if len(set(sides)) > 1:
        detail = "both addresses are of the Internet: verify the networks of your institution, so that yours is told"
        raise Refusal("side_unknown", detail)
    return sides[0].strip() if sides else None


def is_outside(address: object, own: tuple[Network, ...] = ()) -> bool:
    """Whether a text is an address of the Internet (no private, reserved or multicast one) and in none of `own`."""
    try:
        found = ipaddress.ip_address(address.strip()) if isinstance(address, str) else None
    except ValueError:
        return False
    if found is None or not found.is_global or found.is_multicast:
        return False
    return not any(found.version == network.version and found in network for network in own)


@dataclass(slots=True)
class Tally:
    """What was heard of one value."""

    line: int
    threats: Counter[ThreatType] = field(default_factory=Counter)
    messages: Counter[str] = field(default_factory=Counter)
    first: str = ""
    last: str = ""
    confidence: int | None = None

    def hear(
        self, when: object, present: datetime, *, threat: ThreatType | None = None, message: str = "",
        confidence: int | None = None,
    ) -> None:  # fmt: skip
        """One more event."""
        moment = moment_of(when, present)
        if moment is not None:
            self.first = min(self.first or moment, moment)
            self.last = max(self.last, moment)
        if threat is not None:
            self.threats[threat] += 1
        self.messages[message] += 1
        if confidence is not None:
            self.confidence = max(self.confidence or 0, confidence)

    def said(self, tool: str, otherwise: ThreatType | None) -> dict[str, Any]:
        """By the API's names: the threat that was heard most, the messages with how often each was."""
        told = [f"{text} ({count})" for text, count in self.messages.most_common(_SAID_MOST) if text]
        threat = max(self.threats, key=lambda kind: self.threats[kind], default=otherwise)
        return without_empty(
            {
                "threat_type": threat.value if threat is not None else None,
                "confidence": self.confidence,
                "first_seen": self.first,
                "last_seen": self.last,
                "comment": plain(f"{tool}: {', '.join(told)}" if told else tool, COMMENT_MAX),
            }
        )


class Tallies:
    """One tally a value, in the order in which they were first heard of."""

    def __init__(self, tool: str, *, otherwise: ThreatType | None = None) -> None:
        """`otherwise`: the threat of what was heard of without any."""
        self._tool, self._otherwise = tool, otherwise
        self._held: dict[tuple[str, str], Tally] = {}

    def of(self, value: str, line: int, kind: str = "") -> Tally:
        """The tally of that value; `kind` is its type where the value does not tell."""
        return self._held.setdefault((kind, value), Tally(line))

    def rows(self) -> Iterator[Row]:
        """An item each."""
        for (kind, value), tally in self._held.items():
            typed = {"type": kind} if kind else {}
            yield Row(tally.line, {"value": value, **typed, **tally.said(self._tool, self._otherwise)})
