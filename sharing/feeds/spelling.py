"""How several formats write the same thing: moments, cells, labels, what a proxy sees of a web address. Pure."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import orjson

from sharing.feeds.items import Item, Unwritable

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a spreadsheet takes for the beginning of a formula (OWASP, CSV Injection)."""

_A_LABEL = re.compile(r"(?<![A-Za-z0-9_-])xn--[a-z0-9-]+")
_SEPARATING = re.compile(r"[\s./:@#?\\\"*]")

_OPENS = {")": "(", "]": "[", "}": "{"}


def moment(told: datetime) -> str:
    """`2026-11-20T08:30:00Z`; a third of what strftime costs."""
    return told.isoformat(timespec="seconds")[:19] + "Z"


def compact(told: Mapping[str, Any]) -> str:
    """JSON on one line, whatever its reader takes for the end of one: nothing outside of ASCII is left in it."""
    usual = orjson.dumps(told)
    return usual.decode() if usual.isascii() else json.dumps(told, separators=(",", ":"))


def remark(item: Item) -> str:
    """What a cell for a description says: threats and labels."""
    return " ".join([*item.threat_types, f"TLP:{item.marking.tlp.label}", f"PAP:{item.marking.pap.label}"])


def facts(item: Item) -> dict[str, Any]:
    """All that is told of a value, for formats of named fields."""
    return {
        "id": str(item.public_id),
        "type": item.type,
        "value": item.value,
        "subtree": item.subtree,
        "tlp": item.marking.tlp.label,
        "pap": item.marking.pap.label,
        "threat_types": list(item.threat_types),
        "score": round(item.score),
        "institutions": item.institutions,
        "first_seen": moment(item.first_seen),
        "last_seen": moment(item.last_seen),
        "valid_until": moment(item.valid_until),
    }


def exact_cell(text: str) -> str:
    """A cell that is compared with what was seen, so that no apostrophe may precede it. Raises Unwritable."""
    if text.startswith(FORMULA):
        raise Unwritable("formula")
    if not text.isprintable():
        raise Unwritable("not_one_line")
    return text


def row(cells: Sequence[str], *, separator: str = ",", ending: str = "\n", quoted: bool = False) -> str:
    """One record of CSV (RFC 4180, but for the line end, which the reader of the format decides)."""
    # `writerow` returns what `write` returns.
    written: str = _writer(separator, ending, quoted).writerow(cells)
    return written


def web_target(url: str) -> str:
    """`host/path?query` of a web address: what a proxy sees, which is sent neither scheme, user nor fragment.

    Raises Unwritable: `not_http`.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"}:
        raise Unwritable("not_http")
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.netloc.rpartition('@')[2]}{parts.path or '/'}{query}"


def cut_in_text(tail: str) -> str | None:
    """A path and query as readers of running text cut it: before the first bracket that closes one within it.

    None when there is none. What is left has a bracket that nothing closes: hardly the address of another page.
    """
    opened: set[str] = set()
    for position, letter in enumerate(tail):
        if _OPENS.get(letter) in opened:
            return tail[:position]
        opened.add(letter)
    return None


class _Echo:
    """A file that gives back what is written to it."""

    @staticmethod
    def write(text: str) -> str:
        return text


@cache
def _writer(separator: str, ending: str, quoted: bool) -> Any:
    return csv.writer(
        _Echo(), delimiter=separator, lineterminator=ending, quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL
    )


def spellings(text: str) -> list[str]:
    """A text with a name in it, and the same with the letters that its A-labels stand for, if it has any."""
    told = _A_LABEL.sub(lambda found: _letters(found[0]), text) if "xn--" in text else text
    return [text] if told == text else [text, told]


def _letters(label: str) -> str:
    """Raises nothing: a label that stands for nothing printable stays as it is."""
    try:
        told = label[4:].encode().decode("punycode")
    except UnicodeError:
        return label
    return told if told.isprintable() and not _SEPARATING.search(told) else label
