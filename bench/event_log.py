"""A large event log out of small ones: their chunks again and again, every record with a number of its own.

What stands in the file is as Windows writes it (J. Metz, "Windows XML Event Log (EVTX) format"), checksums included.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable, Iterator
from itertools import cycle
from pathlib import Path
from typing import Final
from zlib import crc32

from django.conf import settings

ARCHIVE: Final = "Collection-TP-07_univ-exemple_fr-2026-11-02T08_14_33Z.zip"
_HEAD: Final = 4096
_CHUNK: Final = 65536
_RECORDS_AT: Final = 512


def shared_evidence() -> Path | None:
    """The folder of IOCMARKET_SHARED_DATA whose archive holds event logs; None without it."""
    shared = Path(os.environ.get("IOCMARKET_SHARED_DATA") or settings.BASE_DIR.parent / "shared" / "data")
    return shared / "evidence" if (shared / "evidence" / ARCHIVE).is_file() else None


def written(target: Path, logs: Iterable[Path], least: int) -> int:
    """Write a log of at least so many events; how many they are. Raises ValueError when the logs hold none."""
    chunks = [chunk for log in logs for chunk in _chunks(log.read_bytes())]
    if not chunks:
        raise ValueError("these logs hold no chunk")
    following, count = 1, 0
    with target.open("wb") as file:
        file.write(bytes(_HEAD))
        for chunk in cycle(chunks):
            made, following = _numbered(chunk, following)
            file.write(made)
            count += 1
            if following > least:
                break
        file.seek(0)
        file.write(_head(count, following))
    return following - 1


def _chunks(log: bytes) -> Iterator[bytes]:
    for at in range(_HEAD, len(log) - _CHUNK + 1, _CHUNK):
        if log.startswith(b"ElfChnk\0", at):
            yield log[at : at + _CHUNK]


def _numbered(chunk: bytes, first: int) -> tuple[bytes, int]:
    """The chunk with its records numbered from `first` on, and the number that follows."""
    made = bytearray(chunk)
    (end,) = struct.unpack_from("<I", made, 48)
    at, number = _RECORDS_AT, first
    while at < end and made[at : at + 4] == b"**\0\0":
        struct.pack_into("<Q", made, at + 8, number)
        at += int(struct.unpack_from("<I", made, at + 4)[0])
        number += 1
    struct.pack_into("<QQQQ", made, 8, first, number - 1, first, number - 1)
    struct.pack_into("<I", made, 52, crc32(made[_RECORDS_AT:end]))
    struct.pack_into("<I", made, 124, crc32(made[:120] + made[128:_RECORDS_AT]))
    return bytes(made), number


def _head(chunks: int, following: int) -> bytes:
    made = bytearray(_HEAD)
    struct.pack_into("<8sQQQIHHHH", made, 0, b"ElfFile\0", 0, chunks - 1, following, 128, 1, 3, _HEAD, chunks & 0xFFFF)
    struct.pack_into("<I", made, 124, crc32(made[:120]))
    return bytes(made)
