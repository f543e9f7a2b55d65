r"""What OBJECTS.DATA of a WMI repository says without its index: bindings, and the objects that they name. Pure.

A binding holds the paths of both its ends as text (`CommandLineEventConsumer.Name="…"`, `__EventFilter.Name="…"`), and
an object the name of its class followed by its texts. Both may be left from what was deleted. Each search begins at
fixed letters and looks at a bounded number of bytes behind them, so that the time is linear.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice, pairwise
from pathlib import Path
from typing import Final

from ingestion.evidence.cim.text import TEXT_MAX, unescaped

CARVED_BYTES: Final = 512 * 2**20
"""Of the file, from its beginning."""
FOUND_MAX: Final = 5000
"""Paths of each kind and of each encoding, and objects."""
_APART_MAX: Final = 1024
"""Bytes between the two ends of one binding."""
_NAME_MAX: Final = 256
"""Characters."""
_CLASS_MAX: Final = 64
TEXTS_MAX: Final = 32
"""Of one object, of each encoding."""
KEPT_MAX: Final = 16 * 2**20
"""Characters of all objects that are kept."""
_CONSUMER, _FILTER = b'EventConsumer.Name="', b'__EventFilter.Name="'
_NARROW: Final = rb'((?:[^"\\\x00]|\\[^\x00]){1,%d})"' % _NAME_MAX
_WIDE: Final = rb'((?:(?:[^"\\\x00]\x00|\\\x00[^\x00]\x00|[^\x00][^\x00]|\x00[^\x00])){1,%d})"\x00' % _NAME_MAX
_WORD: Final = re.compile(r"\w+\Z", re.ASCII)
_OBJECT: Final = re.compile(
    rb"(?:CommandLineEventConsumer|ActiveScriptEventConsumer|LogFileEventConsumer|NTEventLogEventConsumer"
    rb"|SMTPEventConsumer|__EventFilter|__FilterToConsumerBinding)\x00"
)
_NEXT: Final = re.compile(rb"(?<=\x00)(?:[0-9A-F]\x00){32}")
"""The hash of a name that an instance begins with, here the next one."""
_NARROW_TEXT: Final = re.compile(rb"\x00([^\x00-\x08\x0e-\x1f]{2,%d})(?=\x00)" % TEXT_MAX)
_WIDE_TEXT: Final = re.compile(
    rb"\x01((?:[^\x00-\x08\x0e-\x1f]\x00|[\x00-\xff][^\x00]){2,%d})(\x00\x00)?" % TEXT_MAX, re.DOTALL
)
"""Taken to its end even where that is none, so that no byte is looked at twice."""


@dataclass(frozen=True, slots=True)
class Carved:
    """A binding, or one end of what was one."""

    consumer: str = ""
    consumer_class: str = ""
    filter: str = ""


@dataclass(slots=True)
class Remains:
    """What is left of a repository."""

    carved: list[Carved] = field(default_factory=list)
    """In the order of their places, each once."""
    objects: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    """Class and one text of an object, in small letters, to all of its texts: one of them is its name."""
    whole: bool = True
    """Whether the file was looked at to its end."""


@dataclass(frozen=True, slots=True)
class _End:
    start: int
    stop: int
    kind: str
    name: str

    @property
    def is_filter(self) -> bool:
        return self.kind == "__EventFilter"


def carve(file: Path) -> Remains:
    """What is left; nothing of an empty file."""
    size = file.stat().st_size
    if size == 0:
        return Remains()
    with (
        file.open("rb") as opened,
        closing(mmap.mmap(opened.fileno(), min(size, CARVED_BYTES), access=mmap.ACCESS_READ)) as data,
    ):
        carved = list(dict.fromkeys(_bindings(sorted(_ends(data), key=lambda end: end.start))))
        names = {name.lower() for one in carved for name in (one.consumer, one.filter) if name}
        return Remains(carved, dict(_objects(data, names)) if names else {}, size <= CARVED_BYTES)


def _ends(data: mmap.mmap) -> Iterator[_End]:
    for literal in (_CONSUMER, _FILTER):
        wide = b"".join(bytes((letter, 0)) for letter in literal)
        for pattern, width in ((re.escape(literal) + _NARROW, 1), (re.escape(wide) + _WIDE, 2)):
            for found in islice(re.finditer(pattern, data, re.DOTALL), FOUND_MAX):
                encoding = "latin-1" if width == 1 else "utf-16-le"
                name = unescaped(found[1].decode(encoding, "replace"))
                before = data[max(found.start() - _CLASS_MAX * width, 0) : found.start()].decode(encoding, "replace")
                prefix = _WORD.search(before)
                kind = "__EventFilter" if literal == _FILTER else (prefix[0] if prefix else "") + "EventConsumer"
                yield _End(found.start(), found.end(), kind, name)


def _bindings(ends: list[_End]) -> Iterator[Carved]:
    """A filter and a consumer that stand together are one binding; each end belongs to one at most."""
    taken = -1
    for at, (one, other) in enumerate(pairwise([*ends, None])):
        if one is None or at == taken:
            continue
        if other is not None and one.is_filter != other.is_filter and other.start - one.stop <= _APART_MAX:
            taken = at + 1
            filtering, consumer = (one, other) if one.is_filter else (other, one)
            yield Carved(consumer.name, consumer.kind, filtering.name)
        else:
            yield Carved(filter=one.name) if one.is_filter else Carved(one.name, one.kind)


def _objects(data: mmap.mmap, names: set[str]) -> Iterator[tuple[tuple[str, str], list[str]]]:
    """Objects of which one text is among the names; the last one of a name is the newest as often as not."""
    left = KEPT_MAX
    for found, following in pairwise([*islice(_OBJECT.finditer(data), FOUND_MAX), None]):
        if found is None:
            continue
        stop = following.start() if following else len(data)
        window = data[found.end() : min(stop, found.end() + 4 * TEXT_MAX)]
        if following := _NEXT.search(window):
            window = window[: following.start()]
        texts = _texts(window)
        kind = found[0][:-1].decode().lower()
        matching = {text.lower() for text in texts} & names
        if matching and (left := left - sum(map(len, texts))) >= 0:
            yield from (((kind, name), texts) for name in sorted(matching))


def _texts(window: bytes) -> list[str]:
    found = [(one.start(), one[1].decode("latin-1")) for one in islice(_NARROW_TEXT.finditer(window), TEXTS_MAX)]
    for one in islice(_WIDE_TEXT.finditer(window), TEXTS_MAX):
        text = one[1].decode("utf-16-le", "replace")
        if one[2] and 2 * sum(letter < "\u0100" for letter in text) >= len(text):  # or it is numbers, not text
            found.append((one.start(), text))
    return [text for _start, text in sorted(found)]
