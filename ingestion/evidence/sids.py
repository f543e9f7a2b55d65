"""Security identifiers of Windows, as they stand in files. Pure."""

from __future__ import annotations


def sid(raw: bytes) -> str:
    """Revision, count, six bytes of authority (big-endian), and so many numbers (little-endian): MS-DTYP 2.4.2.2.

    Bytes behind it are not looked at. Raises ValueError for what is none.
    """
    if len(raw) < 8 or raw[0] != 1 or raw[1] > 15 or len(raw) < 8 + 4 * raw[1]:
        raise ValueError("it is no SID")
    parts = (int.from_bytes(raw[at : at + 4], "little") for at in range(8, 8 + 4 * raw[1], 4))
    return "-".join(map(str, ("S-1", int.from_bytes(raw[2:8], "big"), *parts)))
