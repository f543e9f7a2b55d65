"""Names in archives: what they say of the machine, never where a file is written."""

from __future__ import annotations

import re

LONGEST = 4096
"""Characters of one member's name; Windows allows 32 767, no file of a machine that boots comes near."""
DEEPEST = 128
"""Folders in one name."""

_DRIVE = re.compile(r"[A-Za-z]:([/\\]|$)")
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_MISLEADING = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_LINES_OF_CP437 = re.compile("[\u2500-\u259f]")


def clean(raw: str, *, windows: bool = True) -> tuple[str, str]:
    """The name with forward slashes and without what no path may carry; and a code where it cannot be taken.

    A backslash parts folders unless the archive comes from UNIX, where it is a letter like others
    (`dev-disk-by\\x2duuid.swap`).
    """
    text = raw.replace("\\", "/") if windows else raw
    if not raw.strip("/\\. "):
        return "", "traversal" if ".." in raw else "empty-name"
    if raw.startswith(("/", "\\")) or _DRIVE.match(raw):
        return "", "absolute-name"
    parts = [part for part in text.split("/") if part not in {"", "."}]
    if ".." in parts or (not windows and ".." in text.replace("\\", "/").split("/")):
        return "", "traversal"
    if len(text) > LONGEST or len(parts) > DEEPEST:
        return "", "name-too-long"
    return _UNPRINTABLE.sub(_escaped, "/".join(parts)), ""


def shown(raw: str) -> str:
    """The name for people: letters that print nothing or turn the line around are written out, long ones are cut."""
    text = raw if len(raw) <= LONGEST else raw[:LONGEST] + "…"
    return _MISLEADING.sub(_escaped, _UNPRINTABLE.sub(_escaped, text))


def oem(raw: bytes) -> str:
    """A name in an unsaid encoding: UTF-8 if it is, else the OEM code page of Western Europe or of the United States.

    The two differ where French capitals stand in 850 and lines for drawing boxes in 437.
    """
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        american = raw.decode("cp437")
        return raw.decode("cp850") if _LINES_OF_CP437.search(american) else american


def _escaped(found: re.Match[str]) -> str:
    number = ord(found.group())
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"
