"""Markings and hashtags that people write inside a line: `TLP:AMBER PAP:GREEN`, `#phishing`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from iocmarket.kernel.marking import PAP, TLP

_MARKING = re.compile(
    r"(?<!\w)(?P<scale>TLP|PAP)[ ]?[:=_-][ ]?"
    r"(?P<level>RED|ROUGE|AMBER[ ]?[+_-]?[ ]?STRICT|AMBER|AMBRE|ORANGE|GREEN|VERTE?|CLEAR|WHITE|BLANCH?E?)(?!\w)",
    re.IGNORECASE,
)
_FRENCH = {"ROUGE": "RED", "AMBRE": "AMBER", "ORANGE": "AMBER", "VERT": "GREEN", "VERTE": "GREEN", "BLANC": "WHITE",
           "BLANCHE": "WHITE"}  # fmt: skip
_HASHTAG = re.compile(r"(?<![^\s(,;])#(?P<tag>[^\W\d_][\w-]{1,49})(?![\w:/])")


@dataclass(frozen=True, slots=True)
class Labels:
    """What a line says of all its values; of two markings of one scale the stricter."""

    tlp: TLP | None = None
    pap: PAP | None = None
    tags: tuple[str, ...] = ()


NO_LABELS = Labels()


def may_hold_label(text: str) -> bool:
    """Most lines are passed over at this price."""
    return "#" in text or may_hold_marking(text)


def may_hold_marking(text: str) -> bool:
    """The same of markings alone."""
    folded = text.lower()
    return "tlp" in folded or "pap" in folded


def labels_of(text: str) -> Labels:
    """The labels of a line."""
    if not may_hold_label(text):
        return NO_LABELS
    tlps, paps = [], []
    for match in _MARKING.finditer(text):
        word = match["level"].upper().replace(" ", "")
        word = "AMBER+STRICT" if word.endswith("STRICT") else _FRENCH.get(word, word)
        if match["scale"].upper() == "TLP":
            tlps.append(TLP.parse(word))
        elif word != "AMBER+STRICT":
            paps.append(PAP.parse(word))
        else:
            paps.append(PAP.RED)  # nobody can say what it meant: at least AMBER
    tags = tuple(dict.fromkeys(match["tag"] for match in _HASHTAG.finditer(_MARKING.sub(" ", text))))
    return Labels(max(tlps, default=None), max(paps, default=None), tags)


def without_labels(text: str) -> str:
    """The line without its labels, for its comment."""
    if not may_hold_label(text):
        return text
    return _HASHTAG.sub(" ", _MARKING.sub(" ", text))
