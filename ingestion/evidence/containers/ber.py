"""Elements of BER (X.690) read from a stream, with lengths that may be indefinite and strings that may be in pieces.

asn1crypto reads what is small; this reads the way to it and the content that is too large for memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from ingestion.evidence.containers.base import Refused
from ingestion.evidence.containers.decoding import CHUNK

_DEEPEST = 24
_LARGEST = 1 << 20
"""Bytes of an element that is read into memory: certificates and recipients of a hundred machines fit."""


@dataclass(frozen=True, slots=True)
class Tag:
    """The head of one element."""

    octet: int
    """Class, form and number as written: all numbers of CMS are below 31."""
    length: int | None
    """Bytes of its content; None: until the end-of-contents."""
    raw: bytes

    @property
    def constructed(self) -> bool:
        return bool(self.octet & 0x20)

    @property
    def ends(self) -> bool:
        """End-of-contents."""
        return self.octet == 0 and self.length == 0


class Reader:
    """Reads elements in order. Raises Refused: "truncated" where the file ends, "damaged" where it makes no sense."""

    def __init__(self, source: BinaryIO, where: str) -> None:
        self._source = source
        self._where = where

    def exactly(self, count: int) -> bytes:
        """So many bytes."""
        data = self._source.read(count)
        if len(data) != count:
            raise Refused("truncated", self._where)
        return data

    def tag(self) -> Tag:
        """The next head."""
        head = self.exactly(2)
        octet, first = head
        if octet & 0x1F == 0x1F:
            raise Refused("damaged", self._where)
        if first < 0x80:
            return Tag(octet, first, head)
        if first == 0x80:
            return Tag(octet, None, head)
        if first > 0x88:
            raise Refused("damaged", self._where)
        more = self.exactly(first & 0x7F)
        return Tag(octet, int.from_bytes(more, "big"), head + more)

    def expect(self, *octets: int) -> Tag:
        """The next head, which is one of those."""
        tag = self.tag()
        if tag.octet not in octets:
            raise Refused("damaged", self._where)
        return tag

    def element(self, tag: Tag, depth: int = 0, room: int = _LARGEST) -> bytes:
        """The whole element in definite lengths (what asn1crypto takes), for what is small."""
        if depth > _DEEPEST or (tag.length is not None and tag.length > room):
            raise Refused("damaged", self._where)
        if tag.length is not None:
            return tag.raw + self.exactly(tag.length)
        if not tag.constructed:
            raise Refused("damaged", self._where)
        parts: list[bytes] = []
        size = 0
        while not (inner := self.tag()).ends:
            parts.append(self.element(inner, depth + 1, room - size))
            size += len(parts[-1])
        return bytes([tag.octet]) + _length(size) + b"".join(parts)

    def string(self, tag: Tag, depth: int = 0) -> Iterator[bytes]:
        """The content of an octet string, in one piece or in pieces of pieces, a chunk at a time."""
        if depth > _DEEPEST:
            raise Refused("damaged", self._where)
        if not tag.constructed:
            yield from self._content(tag)
            return
        left = tag.length
        while left is None or left > 0:
            inner = self.tag()
            if left is None and inner.ends:
                return
            if inner.octet not in {0x04, 0x24} or (left is not None and inner.length is None):
                raise Refused("damaged", self._where)
            if left is not None:
                left -= len(inner.raw) + (inner.length or 0)
            yield from self.string(inner, depth + 1)
        if left:
            raise Refused("damaged", self._where)

    def _content(self, tag: Tag) -> Iterator[bytes]:
        if tag.length is None:
            raise Refused("damaged", self._where)
        left = tag.length
        while left:
            data = self.exactly(min(left, CHUNK))
            left -= len(data)
            yield data


def _length(size: int) -> bytes:
    if size < 0x80:
        return bytes([size])
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(octets)]) + octets
