"""Finding values in one line of text: every type's `finds`, tried together from left to right."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from ingestion.readers.credentials import masked, secrets_in
from ingestion.readers.credentials import refusal as credential_refusal
from iocmarket.indicators.recognise import types_by_precedence
from iocmarket.indicators.refang import Refanged
from iocmarket.indicators.types.base import Canonical, IocType, ioc_types
from iocmarket.kernel.decision import Refusal


@dataclass(frozen=True, slots=True)
class Found:
    """One match in a line, accepted (with a canonical form) or refused; `certain`: it was surely meant as a value."""

    raw: str
    start: int
    end: int
    type: IocType | None
    canonical: Canonical | None
    refusal: Refusal | None
    certain: bool


@lru_cache(maxsize=4)
def _finder(names: tuple[str, ...]) -> tuple[re.Pattern[str], dict[str, IocType]]:
    """One expression for all types, the first in precedence first; the group's name says which one matched."""
    kinds, parts = {}, []
    for index, name in enumerate(names):
        kind = ioc_types[name]
        if kind.finds is not None:
            folded = "i" if kind.finds.flags & re.IGNORECASE else ""
            parts.append(f"(?P<t{index}>(?{folded}:{kind.finds.pattern}))")
            kinds[f"t{index}"] = kind
    # The guard before all: no value starts within a word of ASCII letters and digits, nor with a bracket.
    return re.compile(rf"(?<![0-9A-Za-z])(?=[\w.:*])(?:{'|'.join(parts)})"), kinds


def finder() -> tuple[re.Pattern[str], dict[str, IocType]]:
    """The expression for the types that are registered now, and the type of each of its groups."""
    return _finder(tuple(kind.name for kind in types_by_precedence()))


def scan(line: Refanged, within: tuple[re.Pattern[str], dict[str, IocType]]) -> Iterator[Found]:
    """The values of a line in order; none inside another, none inside a secret."""
    expression, kinds = within
    secrets = secrets_in(line.text)
    for secret in secrets:
        yield Found(secret.shown, secret.start, secret.end, None, None, credential_refusal(), certain=True)
    text, position = masked(line.text, secrets), 0
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
        canonical = kind.normalise(raw, explicit=explicit)
    except Refusal as refusal:
        value = line.text[start:end]
        return Found(raw, start, end, kind, None, refusal, certain=raw != value or kind.unmistakable(value))
    return Found(raw, start, end, kind, canonical, None, certain=True)
