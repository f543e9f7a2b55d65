"""Instants as machines write them, made times of UTC. Pure; None for what is no instant, however it lies."""

from __future__ import annotations

import re
import struct
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

_WINDOWS: Final = datetime(1601, 1, 1, tzinfo=UTC)
_OLE: Final = datetime(1899, 12, 30, tzinfo=UTC)
_UNIX: Final = datetime(1970, 1, 1, tzinfo=UTC)
_WMI: Final = re.compile(r"(\d{14})\.(\d{6})([+-]\d{3})")


def filetime(ticks: int) -> datetime | None:
    """Of a FILETIME: 100 nanoseconds since 1601; zero means never."""
    return _after(_WINDOWS, ticks // 10) if ticks > 0 else None


def webkit(microseconds: int) -> datetime | None:
    """Of Chromium: microseconds since 1601; zero means never."""
    return _after(_WINDOWS, microseconds) if microseconds > 0 else None


def unix(microseconds: int) -> datetime | None:
    """Of microseconds since 1970; zero means never."""
    return _after(_UNIX, microseconds) if microseconds > 0 else None


def ole(bits: int) -> datetime | None:
    """Of an OLE Automation date, the bits of a double: days since 30 December 1899, to the millisecond; zero: never."""
    days = struct.unpack("<d", struct.pack("<q", bits))[0]
    return _after(_OLE, round(days * 86_400_000) * 1000) if 0 < days < 3_000_000 else None


def _after(epoch: datetime, microseconds: int) -> datetime | None:
    try:
        return epoch + timedelta(microseconds=microseconds)
    except OverflowError:
        return None


def written(text: str) -> datetime | None:
    """Of ISO 8601 or of WMI (`20261101060000.000000+060`, minutes from UTC); without an offset it is UTC."""
    text = text.strip()
    try:
        if found := _WMI.fullmatch(text):
            zone = timezone(timedelta(minutes=int(found[3])))
            return datetime.strptime(found[1] + found[2], "%Y%m%d%H%M%S%f").replace(tzinfo=zone).astimezone(UTC)
        moment = datetime.fromisoformat(text) if len(text) >= 10 else None
        if moment is None:
            return None
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
