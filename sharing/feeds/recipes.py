"""What a member pastes into a tool so that it reads a feed. Pure: words and three placeholders.

A recipe is one block. Those of one tool stand together on its card, in the order in which the format lists them.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_HEADER_FILE = "(umask 077; printf 'Authorization: Bearer %s\\n' {token} > iocmarket.header)\n"
_WITH_HEADER = " -H @iocmarket.header"
SHELL = "sh"
"""The language of what can be pasted into a terminal as it is."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """One block for one tool.

    `text` holds `{url}` (the address of the feed with its options), `{token}` and `{name}` (the name of its file); all
    other braces are the tool's own. An address holds `&` and no quote: in a shell it stands between quotes.
    """

    tool: str
    """As its makers write it; never translated."""
    language: str
    """`sh`, or what a highlighter would call the text: `yaml`, `lua`, `ini`, `text` …"""
    text: str
    note: str | Promise = ""
    """Where it goes: the name of a file of the tool, or a few words."""

    def written(self, *, url: str, token: str, name: str) -> str:
        """The block to copy. Without a token the address opens the feed by itself: no header is written."""
        text = self.text
        if not token:
            text = text.replace(_HEADER_FILE, "").replace(_WITH_HEADER, "")
        return text.replace("{url}", url).replace("{token}", token).replace("{name}", name)

    @property
    def needs_token(self) -> bool:
        """Whether nothing sensible is left of it without a token to send."""
        return "{token}" in self.text.replace(_HEADER_FILE, "")


def fetch(tool: str, *, then: str = "", note: str | Promise = "") -> Recipe:
    """By curl: written beside and renamed, so that a tool never reads half a file and a failure changes nothing.

    The token stays in a file, so that it appears in no list of processes. `then` is a command for when a new file came.
    """
    following = f" && {then}" if then else ""
    text = (
        f"{_HEADER_FILE}curl -fsS --compressed{_WITH_HEADER} -o {{name}}.new \\\n"
        f"  '{{url}}' && mv {{name}}.new {{name}}{following}\n"
    )
    # Asking a lazy note for its truth would translate it, which no module may do while it is imported.
    return Recipe(tool, SHELL, text, _("every five minutes") if isinstance(note, str) and not note else note)
