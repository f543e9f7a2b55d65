"""Which content coding a client is sent (RFC 9110 section 12.5.3), and codings of what is made while it is sent."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator
from enum import StrEnum
from functools import lru_cache
from typing import Protocol

LEVEL = 1
"""Of both codings. zlib's compresses STIX to a seventh, level 6 to an eighth in four times the time; zstd's is smaller
than zlib's in a fifth of its time, and no higher level pays for lines."""
_WEIGHT = re.compile(r"(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)", re.ASCII)


class Coding(StrEnum):
    """Those that feeds have, the one that costs least first: of two that a client likes alike it is sent."""

    ZSTD = "zstd"
    GZIP = "gzip"
    IDENTITY = "identity"

    @property
    def mark(self) -> str:
        """What it adds to an entity tag: strong tags differ between codings (RFC 9110 section 8.8.3.3)."""
        return "" if self is Coding.IDENTITY else f"-{self}"


@lru_cache(maxsize=64)
def coding_for(header: str) -> Coding | None:
    """The coding for a value of Accept-Encoding; None when the client takes none that there is.

    Without `identity` in it the body as it is remains acceptable, and is sent last. Zstandard is for who names it: not
    every client that says `*` knows what has come up since.
    """
    weights: dict[str, float] = {}
    for part in header.lower().split(","):
        name, _, parameters = part.partition(";")
        weights[name.strip().removeprefix("x-")] = _weight(parameters)
    liked = {
        Coding.ZSTD: weights.get(Coding.ZSTD, 0.0),
        Coding.GZIP: weights.get(Coding.GZIP, weights.get("*", 0.0)),
    }
    plain = weights.get(Coding.IDENTITY, weights.get("*"))
    best = max(liked, key=lambda coding: liked[coding])
    if liked[best] > 0 and liked[best] >= (plain or 0.0):
        return best
    return None if plain == 0 else Coding.IDENTITY


def unmarked(tag: str) -> str:
    """An entity tag without what codings add to it."""
    for coding in (Coding.ZSTD, Coding.GZIP):
        tag = tag.removesuffix(coding.mark)
    return tag


def coded(parts: Iterable[bytes], coding: Coding) -> Iterator[bytes]:
    """A body that is made while it is sent, in that coding."""
    if coding is Coding.IDENTITY:
        yield from parts
        return
    squeeze = _squeeze(coding)
    for part in parts:
        if piece := squeeze.compress(part):
            yield piece
    yield squeeze.flush()


class _Squeeze(Protocol):
    def compress(self, data: bytes, /) -> bytes: ...

    def flush(self) -> bytes: ...


def _squeeze(coding: Coding) -> _Squeeze:
    if coding is Coding.GZIP:
        return zlib.compressobj(LEVEL, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    import zstandard  # noqa: PLC0415 (a megabyte, for who asks for it)

    return zstandard.ZstdCompressor(level=LEVEL).compressobj()


def _weight(parameters: str) -> float:
    """The `q` of one coding: 1 without, nought for one that is not written as the standard has it."""
    name, _, value = parameters.strip().partition("=")
    if not name:
        return 1.0
    found = _WEIGHT.fullmatch(value.strip())
    return float(found[0]) if name.strip() == "q" and found else 0.0
