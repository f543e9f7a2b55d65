"""Free text read for indicators, against one plain expression over the same text; and hostile text twice as long."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import partial
from typing import ClassVar

from bench.base import Measure, measures
from bench.table import Row
from bench.timing import medians, seconds
from bench.values import value_of
from bench.world import World
from ingestion.readers.free_text import read

LINES = 4000
SIZE = 40_000
HOSTILE = tuple(
    piece * (SIZE // len(piece))
    for piece in (
        *("a.", "http://", "1.1.1.", "a@", "[.]", "b--a.", "http://a/;", "(http://a)", "fin.Le ", "x.py ", "9.1.1.1 "),
        *("12:34:56 ", "C:\\a\\", "::", "[", "3f" * 32 + " "),
    )
)
PLAIN = re.compile(
    r"\b(?:\d{1,3}\.){3}\d{1,3}\b|\b[0-9a-f]{32,64}\b|https?://[^\s\"<>]+|[\w.+-]+@[\w.-]+\.[a-z]{2,}"
    r"|\b(?:[a-z0-9-]+\.)+[a-z]{2,}\b",
    re.IGNORECASE,
)
"""What the least of all readers would do: no notation but the plain one, nothing checked, nothing put into a form."""
_PROSE = (
    "Le {day} mars, plusieurs agents ont reçu un courriel qui renvoie vers {value} (page imitant le portail).",
    "{day}/03 12:{day}:08 sshd[4711]: Failed password for invalid user admin from {value} port 51514 ssh2",
    "The loader then contacts {value} and waits; nothing else was seen on the host during the night.",
    "Aucun autre élément n'a été relevé ce jour-là sur les postes du laboratoire ; l'analyse continue.",
    "- {value}",
)


class Extraction(Measure):
    """Reports, logs and lists, mixed; values defanged now and then."""

    name: ClassVar[str] = "extraction"
    order: ClassVar[int] = 1
    needs_world: ClassVar[bool] = False

    def run(self, world: World) -> Iterable[Row]:
        """Megabytes a second."""
        del world
        text = document()
        megabytes = len(text.encode()) / 1e6
        found = sum(candidate.canonical is not None for candidate in read(text).candidates)
        if found < LINES // 2:
            raise AssertionError(f"only {found} values found in {LINES} lines")
        ours, plain = medians(
            lambda: megabytes / seconds(lambda: read(text)),
            lambda: megabytes / seconds(lambda: PLAIN.findall(text)),
        )
        yield Row(
            what="free text", ours=ours, unit="MB/s", reference=plain, against="one plain expression",
            note=f"{megabytes:.2f} MB with {found} values; each is validated and put into canonical form",
        )  # fmt: skip
        worst = max(_growth(text) for text in HOSTILE)
        slowest = max(min(seconds(partial(read, text)) for _ in range(3)) * 1e6 / SIZE for text in HOSTILE)
        yield Row(
            what="hostile text, twice as long", ours=worst, unit="×", goal="≤ 2.5 ×", met=worst <= 2.5,
            note=f"the worst of {len(HOSTILE)} kinds; 2 is linear, 4 would be quadratic",
        )  # fmt: skip
        yield Row(
            what="hostile text, one megabyte", ours=slowest, unit="s", goal="≤ 2 s", met=slowest <= 2,
            note=f"the slowest of {len(HOSTILE)} kinds, from pieces of {SIZE // 1000} kB",
        )  # fmt: skip


def _growth(text: str) -> float:
    once, twice = medians(lambda: seconds(lambda: read(text)), lambda: seconds(lambda: read(text + text)), runs=3)
    return twice / once


def document() -> str:
    """Some three hundred kilobytes."""
    lines = []
    for number in range(LINES):
        _kind, value = value_of(number)
        shown = value.replace(".", "[.]").replace("http", "hxxp") if number % 3 == 0 else value
        lines.append(_PROSE[number % len(_PROSE)].format(day=number % 28 + 10, value=shown))
    return "\n".join(lines)


measures.register(Extraction())
