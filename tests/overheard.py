"""What is logged while the suite runs, as the program would write it, searched for secrets (security.md, House rules).

Every test runs under it (tests/conftest.py). It hears each line that reaches the root logger at INFO and above, what
Django and the libraries log included, through the formatter of production.
"""

from __future__ import annotations

import base64
import logging
import re

from django.conf import settings

from iocmarket.accounts.secrets import LENGTH, PREFIX
from iocmarket.web.redaction import RedactingFormatter

_SHAPES = re.compile(
    rf"{PREFIX}[0-9A-Za-z]{{{LENGTH - len(PREFIX)}}}"  # a token, a feed key
    rf"|{base64.b64encode(f':{PREFIX}'.encode()).decode()[:6]}"  # one behind Basic, where the name is empty
    r"|(?:confirm-email|reset/key)/[^/\s?…]{12,}"  # a link that opens something
    r"|otpauth://|BEGIN (?:RSA |EC )?PRIVATE KEY|argon2id\$"
    r"|(?:sessionid|csrftoken|csrfmiddlewaretoken)=\w"
)


class Overheard(logging.Handler):
    """Keeps the lines that hold a secret, without keeping the others."""

    def __init__(self, *words: str) -> None:
        """`words`: secrets of the suite that have no shape of their own."""
        super().__init__(logging.INFO)
        self.setFormatter(RedactingFormatter("%(levelname)s %(name)s %(message)s"))
        self._words = words
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Look at one line."""
        line = self.format(record)
        if secret_in(line, self._words):
            self.found.append(line)


def secret_in(line: str, words: tuple[str, ...] = ()) -> bool:
    """Whether a line holds a secret, by its shape or by its words."""
    return bool(_SHAPES.search(line)) or any(word in line for word in words)


def words_of_the_suite(password: str) -> tuple[str, ...]:
    """Keys and passwords that every test shares."""
    return (password, settings.SECRET_KEY, settings.INDICATOR_ID_KEY)
