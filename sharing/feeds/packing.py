"""One gzip member (RFC 1952) out of parts that were compressed apart: a large feed is compressed once for everybody.

DEFLATE blocks may follow each other as they are; only the checksum over all of them has to be computed, and that of a
whole follows from those of its parts. Several members in a row would be allowed too, but curl reads only the first.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable

from sharing.feeds.codings import LEVEL

HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x04\xff"
_LAST_BLOCK = b"\x03\x00"
_POLYNOMIAL = 0xEDB88320
_ONE, _X_TO_THE_8 = 1 << 31, 1 << 23


def deflated(text: bytes) -> bytes:
    """A small part, ready to stand between others."""
    squeeze = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    return squeeze.compress(text) + squeeze.flush(zlib.Z_FULL_FLUSH)


def tail(parts: Iterable[tuple[int, int]]) -> bytes:
    """What ends the member: `parts` are the CRC-32 and the length of each, in their order."""
    crc = length = 0
    for part_crc, part_length in parts:
        crc = _times(_shift(part_length), crc) ^ part_crc
        length += part_length
    return _LAST_BLOCK + crc.to_bytes(4, "little") + (length % 2**32).to_bytes(4, "little")


def _shift(length: int) -> int:
    """x^(8·length) modulo the polynomial of CRC-32: what so many bytes more do to a checksum."""
    found, power = _ONE, _X_TO_THE_8
    while length:
        if length & 1:
            found = _times(power, found)
        power = _times(power, power)
        length >>= 1
    return found


def _times(a: int, b: int) -> int:
    """The product of two polynomials over GF(2), modulo that of CRC-32; the highest bit is the coefficient of 1."""
    found = 0
    for position in range(31, -1, -1):
        if a >> position & 1:
            found ^= b
        b = b >> 1 ^ _POLYNOMIAL if b & 1 else b >> 1
    return found
