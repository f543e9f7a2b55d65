"""The keys of a hive counted by their offsets alone: a tenth of what making an object of each of them costs. Pure.

Layout: M. Suhanov, "Windows registry file format specification". A key ("nk") names a list of keys: "lf" and "lh" hold
offset and hash of each, "li" offsets, "ri" offsets of lists. Offsets count from the first bin, behind the head.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from typing import Final

_FIRST_BIN: Final = 4096
_CELL: Final = 4
"""Bytes of a cell's size, before what is in it."""
_KEY: Final = struct.Struct("<2sH16xI4xI40xH")
"""Sign, flags, how many keys are below it, where their list lies, the length of its name, which follows 4 bytes on."""
_NAME_AT: Final = 76
_ONE_BYTE: Final = 0x20
_NONE: Final = 0xFFFFFFFF


def keys_below(hive: mmap.mmap | bytes, root: int, most: int) -> int | None:
    """How many keys there are from the one at that place on, each once; None when any number in them is wrong."""
    keys, lists, waiting = {root}, set[int](), [root]
    try:
        while waiting:
            at = waiting.pop()
            sign, flags, below, place, length = _KEY.unpack_from(hive, at)
            name = hive[at + _NAME_AT : at + _NAME_AT + length]
            if sign != b"nk" or len(name) < length or len(keys) > most:
                return None
            if at != root:
                name.decode("windows-1252" if flags & _ONE_BYTE else "utf-16-le")
            if below not in {0, _NONE}:
                for some in _listed(hive, _FIRST_BIN + _CELL + place, lists):
                    new = some - keys
                    keys |= new
                    waiting += new
    except (struct.error, ValueError):
        return None
    return len(keys)


def _listed(hive: mmap.mmap | bytes, at: int, seen: set[int], *, within: bool = False) -> Iterator[set[int]]:
    """The places of the keys of a list that was not `seen`: a damaged hive may name one a million times.

    Raises ValueError or struct.error for what is no list.
    """
    if at in seen:
        return
    seen.add(at)
    kind, count = hive[at : at + 2], struct.unpack_from("<H", hive, at + 2)[0]
    if kind in {b"lf", b"lh"}:
        offsets = struct.unpack_from(f"<{2 * count}I", hive, at + 4)[::2]
    elif kind == b"li" or (kind == b"ri" and not within):
        offsets = struct.unpack_from(f"<{count}I", hive, at + 4)
    else:
        raise ValueError(kind)
    places = {_FIRST_BIN + _CELL + offset for offset in offsets}
    if kind != b"ri":
        yield places
        return
    for place in places:
        yield from _listed(hive, place, seen, within=True)
