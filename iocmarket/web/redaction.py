"""Log lines without secrets: tokens and feed keys are cut to a prefix, links of letters to their place.

A link that confirms an address or sets a new password opens what it is for until it is used: whoever reads the log of
requests could be faster than its reader.
"""

from __future__ import annotations

import logging
import re

from iocmarket.accounts.secrets import LENGTH, PREFIX

_SECRET = re.compile(rf"{PREFIX}[0-9A-Za-z]{{{LENGTH - len(PREFIX)}}}")
_LINK = re.compile(r"(/accounts/(?:confirm-email|password/reset/key)/)[^/\s?\"]+")
HIDDEN = f"{PREFIX}…"


def redacted(text: str) -> str:
    """The same text without anything that looks like a token, a feed key or the secret part of a link."""
    return _LINK.sub(r"\1…", _SECRET.sub(HIDDEN, text))


class RedactingFormatter(logging.Formatter):
    """Redacts the whole line, its trace included: nobody has to think of it where something is logged."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        return redacted(super().format(record))
