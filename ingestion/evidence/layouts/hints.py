"""The host and the time that an archive's file name tells, where its content says nothing of them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_HOST = r"(?P<host>[A-Za-z0-9][A-Za-z0-9._-]{0,253}?)"
_ENDS = r"(?:\.(?:zip|7z|tar|tgz|gz|xz|zst|bz2|p7b|age|enc|cms))*$"
_PATTERNS = tuple(
    re.compile(pattern + _ENDS, re.IGNORECASE)
    for pattern in (
        rf"Collection-{_HOST}-(?P<when>\d{{4}}-\d\d-\d\dT\d\d_\d\d_\d\d)(?:Z|[+_-]\d\d_\d\d)?",
        rf"DFIR-ORC_[^_]+_{_HOST}_[^_]+",
        rf"uac-{_HOST}-(?:linux|macos|freebsd|netbsd|openbsd|netscaler|esxi|aix|solaris|android)-(?P<when>\d{{14}})",
        rf"(?P<when>\d{{4}}-?\d\d-?\d\dT\d\d[-_:]?\d\d[-_:]?\d\d)Z?_{_HOST}",
        rf"(?:scout|kape|cylr|acquire)[_-]{_HOST}(?:[_-](?P<when>\d{{14}}))?",
        rf"{_HOST}_(?P<when>\d{{14}})",
    )
)


def hint(name: str) -> tuple[str, datetime | None]:
    """The host ("" for none) and the time (None for none) in an archive's file name."""
    for pattern in _PATTERNS:
        if found := pattern.fullmatch(name.rsplit("/", 1)[-1]):
            said = found.groupdict()
            return said["host"], _when(said.get("when") or "")
    return "", None


def _when(text: str) -> datetime | None:
    digits = re.sub(r"\D", "", text)
    try:
        return datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
