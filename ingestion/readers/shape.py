"""Whether a text is a list (one value a line) or prose: docs/types.md gives the rule in words.

It matters for lines without a value only. In a list such a line is an item that failed, and its sender must be told;
in prose it is a sentence. Lines are weighed, so that a list may hold a stray remark and a message may hold a list.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_COMMENT = re.compile(r"\s*(?:#|//)")
_NO_WORD = re.compile(r"[\W_]*")
_HEADING = re.compile(
    r"\W*(?:iocs?|types?|values?|valeurs?|indicat(?:or|eur)s?|(?:ip|domain)_?\w{0,8}|adresses? ip|domain(?:e)?s?|urls?"
    r"|hash(?:es)?|sha-?(?:256|512)(?:sum)?|sha-?1|md5|asn?|cves?|login)\W*(?:[;,\t|].*)?",
    re.IGNORECASE,
)
_GREETINGS = "bonjour|bonsoir|salut|hello|hi|dear|chers?|chère|merci|thanks|cordialement|(?:best )?regards|bien à vous"
_LETTER = re.compile(rf"\W*(?:{_GREETINGS})\b", re.IGNORECASE)
_ATTEMPT = re.compile(
    r"\d+\.\d+\.\d+|\w\.[a-z]{2,}|\w@\w|\w://\w|[0-9a-f]{16,}|[0-9a-f]*:[0-9a-f]*:[0-9a-f]*|\bASN?\d{3}|\bCVE-\d{4}-\d",
    re.IGNORECASE,
)
_BULLET = re.compile(r"^[\s\-*•·>\"'`«(\[]*")
_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:[T ][\d:.]+Z?)?\s+")
_REMARK = re.compile(r"\s*\S++\s++(?=#(?:\s|$))")
# Where most entries of lists are recognised at once.
_PLAIN_ENTRY = re.compile(
    r"(?:https?://)?(?:[0-9A-Za-z_-]{1,63}\.)*[0-9A-Za-z_-]{0,62}[0-9A-Za-z]\.[A-Za-z]{2}"
    r"|\d{1,3}\.\d{1,3}\.\d|[0-9A-Fa-f]{16}"
)
_FEW = 4
"""Words that a line of a list may have: a date, a value, a remark of two words."""


def is_comment(line: str) -> bool:
    """A comment of a list file (`#`, `//`) or a ruler without any letter or digit."""
    if line[:1].isalnum():
        return False
    return _COMMENT.match(line) is not None or _NO_WORD.fullmatch(line) is not None


def is_heading(line: str) -> bool:
    """The heading of a table or of a list's only column."""
    return len(line) < 200 and _HEADING.fullmatch(line) is not None


def without_remark(line: str) -> str:
    """A line of a list without the comment after its value (`198.51.100.7  # seen on the VPN`)."""
    match = _REMARK.match(line)
    return line[: match.end()] if match is not None and _ATTEMPT.search(match[0][:300]) else line


def is_one_per_line(lines: Sequence[str]) -> bool:
    """Whether at least half of the lines (refanged, not blank, no comment) are those of a list, and none greets."""
    if not lines or any(len(line.split()) <= _FEW + 1 for line in filter(_LETTER.match, lines)):
        return False
    missing = half = (len(lines) + 1) // 2
    others = len(lines) - half
    plain = _PLAIN_ENTRY.match
    for line in lines:
        if plain(line) is not None or _is_entry(line):
            missing -= 1
        else:
            others -= 1
        if not missing or others < 0:
            break
    return not missing


def _is_entry(line: str) -> bool:
    """A line, no plain entry, that starts with something like a value, is short and holds one, or is one bare word."""
    body = _BULLET.sub("", line, count=1)[:5000]
    if (date := _DATE.match(body)) is not None:
        body = body[date.end() :]
    words = body.split(None, _FEW)
    if not words:
        return False
    if _ATTEMPT.search(words[0][:300]):
        return True
    if len(words) == 1:
        return not body.rstrip().endswith((",", ":", "!", "?", "."))
    return len(words) <= _FEW and any(_ATTEMPT.search(word[:300]) for word in words)
