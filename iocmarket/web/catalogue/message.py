"""One message of a catalogue, and what makes a translation of it acceptable."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[sd]|\{\w*\}")


@dataclass(slots=True)
class Message:
    """A text to translate: `strings` holds one translation, or one for each plural form."""

    id: str
    plural: str = ""
    context: str | None = None
    strings: list[str] = field(default_factory=list)
    places: set[str] = field(default_factory=set)

    @property
    def key(self) -> tuple[str, str]:
        """What identifies the message in a catalogue."""
        return (self.context or "", self.id)

    def troubles(self, forms: int) -> list[str]:
        """Why the translation cannot be used: missing, too few plural forms, or placeholders lost or invented."""
        needed = forms if self.plural else 1
        if len([text for text in self.strings if text.strip()]) < needed:
            return ["not translated"]
        known = placeholders(self.id) | placeholders(self.plural)
        found = []
        for text in self.strings:
            if placeholders(text) - known:
                found.append(f"invents {', '.join(sorted(placeholders(text) - known))}")
            elif not self.plural and known - placeholders(text):
                found.append(f"loses {', '.join(sorted(known - placeholders(text)))}")
        return found


def placeholders(text: str) -> set[str]:
    """The parts of a text that the program fills in."""
    return set(_PLACEHOLDER.findall(text))
