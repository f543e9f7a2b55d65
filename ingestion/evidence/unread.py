"""Files that are known for what they are and that nothing here reads: an analyst has to know what was left. Pure.

Signs: M. Suhanov, "Windows registry file format specification" (file type of the base block); Microsoft, ESE database
header.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Final

from ingestion.evidence.containers.base import Item

_ESE: Final = b"\xef\xcd\xab\x89"


def why(item: Item, head: bytes) -> str:
    """What it is and where else to look, for people; empty for what is not known."""
    return next((said for is_one, said in _KINDS if is_one(item, head)), "")


def _log(_item: Item, head: bytes) -> bool:
    """File types 1, 2 and 6 are logs, 0 is a hive itself."""
    return head.startswith(b"HvLE") or (
        len(head) >= 32 and head.startswith(b"regf") and struct.unpack_from("<I", head, 28)[0] != 0
    )


def _database(_item: Item, head: bytes) -> bool:
    return head[4:8] == _ESE


_KINDS: Final[tuple[tuple[Callable[[Item, bytes], bool], str], ...]] = (
    (_log, "a transaction log of a registry hive, which is not read: the hive beside it lacks the changes in it"),
    (_database, "an ESE database, which is not read"),
)
