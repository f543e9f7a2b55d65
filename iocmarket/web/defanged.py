"""A value as a page shows it: made safe by its type, split so that the added brackets can be dimmed.

Nothing invisible stays invisible: control, format and bidirectional characters, with which a value could look like
another, are written as their code points.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from iocmarket.indicators.types.base import ioc_types

# What defanging puts into a value; a type may bracket more than one character, as in `[://]`.
_FANG = re.compile(r"\[(?:\.|:|@|::|://|dot|at)\]", re.IGNORECASE)
# Where a long value may be broken over two lines: after the scheme and after each separator of a path.
_BREAK = re.compile(r"(?<=://)|(?<=[\\/])(?=[^\\/])")
_UNSEEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
# A hash is recognised by its two ends; the whole of it is behind the copy button.
SHORT_LENGTH = 40
_SHORT_HEAD, _SHORT_TAIL = 14, 10


def defang(type_name: str, value: str) -> str:
    """The value as its type defangs it; for a type that is no longer known, every dot, colon and at sign is taken."""
    known = ioc_types.get(type_name)
    return known.defang(value) if known else re.sub(r"([.:@])", r"[\1]", value)


def label_of(type_name: str) -> str:
    """The word on the chip of a type; its name where the type is no longer known."""
    known = ioc_types.get(type_name)
    return str(known.label) if known else type_name


def shortened(text: str) -> str:
    """The two ends of a long value without structure (a hash)."""
    return text if len(text) <= SHORT_LENGTH else f"{text[:_SHORT_HEAD]}…{text[-_SHORT_TAIL:]}"


def as_html(text: str) -> SafeString:
    """A defanged value as HTML: brackets dimmed, line breaks allowed at separators, nothing invisible."""
    parts: list[str] = []
    position = 0
    for fang in _FANG.finditer(text):
        parts.append(_plain(text[position : fang.start()]))
        parts.append(format_html('<span class="value-fang">{}</span>', fang.group()))
        position = fang.end()
    parts.append(_plain(text[position:]))
    return mark_safe("".join(parts))  # noqa: S308 (every part was escaped above)


def _plain(text: str) -> str:
    return "<wbr>".join("".join(_seen(piece)) for piece in _BREAK.split(text))


def _seen(piece: str) -> Iterator[str]:
    for character in piece:
        if unicodedata.category(character) in _UNSEEN:
            yield f'<span class="value-fang">[U+{ord(character):04X}]</span>'
        else:
            yield conditional_escape(character)
