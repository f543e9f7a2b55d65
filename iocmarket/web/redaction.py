"""Log lines without secrets: a token or a feed key that got into one, by an address or a trace, is cut to a prefix."""

from __future__ import annotations

import logging
import re

from iocmarket.accounts.secrets import LENGTH, PREFIX

_SECRET = re.compile(rf"{PREFIX}[0-9A-Za-z]{{{LENGTH - len(PREFIX)}}}")
HIDDEN = f"{PREFIX}…"


def redacted(text: str) -> str:
    """The same text without anything that looks like a token or a feed key."""
    return _SECRET.sub(HIDDEN, text)


class RedactingFormatter(logging.Formatter):
    """Redacts the whole line, its trace included: nobody has to think of it where something is logged."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        return redacted(super().format(record))
