"""Finding values in one line of text: every type's `finds`, tried together from left to right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ingestion.readers.credentials import masked, secrets_in
from ingestion.readers.credentials import refusal as credential_refusal
from iocmarket.indicators.recognise import Finder
from iocmarket.indicators.refang import Refanged
from iocmarket.indicators.types.base import Canonical, IocType
from iocmarket.kernel.decision import Refusal


@dataclass(slots=True)
class Found:
    """One match in a line, accepted (with a canonical form) or refused; `certain`: it was surely meant as a value."""

    raw: str
    start: int
    end: int
    type: IocType | None
    canonical: Canonical | None
    refusal: Refusal | None
    certain: bool


def scan(line: Refanged, within: Finder, *, closed_later: bool = False) -> Iterator[Found]:
    """The values of a line in order; none inside another, none inside a secret.

    `closed_later`: the label of a link goes on in the next line, so that its bracket is no part of the URL.
    """
    expression, kinds = within
    secrets = secrets_in(line.text)
    for secret in secrets:
        yield Found(secret.shown, secret.start, secret.end, None, None, credential_refusal(), certain=True)
    text, position = masked(line.text, secrets) + (" ]" if closed_later else ""), 0
    while (match := expression.search(text, position)) is not None:
        kind = kinds[match.lastgroup or ""]
        start = match.start()
        end = kind.settle(text, start, match.end())
        position = match.end() if end is None or end <= start else end
        if end is not None and end > start:
            yield read_value(line, kind, start, end)


def read_value(line: Refanged, kind: IocType, start: int, end: int, *, explicit: bool = False) -> Found:
    """Normalise one stretch of a line as that type."""
    raw = line.raw(start, end)
    try:
        canonical = kind.read(raw, explicit=explicit)
    except Refusal as refusal:
        value = line.text[start:end]
        return Found(raw, start, end, kind, None, refusal, certain=raw != value or kind.unmistakable(value))
    return Found(raw, start, end, kind, canonical, None, certain=True)
