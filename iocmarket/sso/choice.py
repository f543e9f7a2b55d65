"""Finding one's institution among many providers."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from iocmarket.sso.config import ProviderConfig

FEW = 8
"""As many are shown as buttons on the log-in page; more are searched."""


def found_among(found: Iterable[ProviderConfig], asked: str) -> list[ProviderConfig]:
    """Those whose name or domains have every word, without regard to case and accents."""
    words = _plain(asked).split()
    return [one for one in found if all(word in _said(one) for word in words)]


def _said(config: ProviderConfig) -> str:
    return _plain(" ".join([config.name, *config.scopes, *config.mail_domains]))


def _plain(text: str) -> str:
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in parts if not unicodedata.combining(sign))
