"""What a reader may set for this browser: one cookie each, read by the server so that no page flashes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponse

YEAR = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Preference:
    """A cookie, its allowed values and the one that holds without a cookie ("" = decided elsewhere)."""

    cookie: str
    values: frozenset[str]
    default: str = ""

    def of(self, request: HttpRequest) -> str:
        """What this reader chose; anything that is not an allowed value counts as nothing chosen."""
        value = request.COOKIES.get(self.cookie, "")
        return value if value in self.values else self.default

    def keep(self, response: HttpResponse, value: str) -> None:
        """Write the cookie. Raises ValueError for a value that is not allowed."""
        if value not in self.values:
            raise ValueError(f"{value!r} is no value of {self.cookie}")
        response.set_cookie(
            self.cookie,
            value,
            max_age=YEAR,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )


PREFERENCES: Mapping[str, Preference] = {
    "theme": Preference("theme", frozenset({"light", "dark"})),
    "density": Preference("density", frozenset({"dense", "comfortable"}), "dense"),
    "language": Preference("language", frozenset({"fr", "en"})),
    # WCAG 2.1.4: single-letter shortcuts must be possible to turn off.
    "keyboard": Preference("keyboard", frozenset({"on", "off"}), "on"),
}
