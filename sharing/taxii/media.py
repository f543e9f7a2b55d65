"""Media types of TAXII 2.1 (section 1.6.8) and which requests they satisfy.

Answers always carry the full media type with its version. Requests are read leniently where real clients are loose: no
Accept, `*/*`, `application/json`, or the TAXII type without a version all mean "the TAXII that you speak".
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from django.http.request import MediaType
from django.utils.http import parse_header_parameters
from rest_framework.exceptions import NotAcceptable
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from iocmarket.api.negotiation import AnyAccept

TAXII = "application/taxii+json;version=2.1"
STIX = "application/stix+json;version=2.1"
_ANY = frozenset({"*/*", "application/*", "application/json"})


@lru_cache(maxsize=64)
def is_acceptable(accept: str) -> bool:
    """Whether an Accept header admits a TAXII 2.1 answer (section 3.1; RFC 9110 section 12.5.1)."""
    ranges = [part for part in accept.split(",") if part.strip()]
    return not ranges or any(_admits(MediaType(part)) for part in ranges)


def _admits(wanted: MediaType) -> bool:
    if wanted.quality <= 0:
        return False
    name = f"{wanted.main_type}/{wanted.sub_type}".lower()
    return name in _ANY or (name == "application/taxii+json" and wanted.params.get("version", "2.1") == "2.1")


def is_readable(content_type: str) -> bool:
    """Whether a body of this type is an envelope of TAXII 2.1 (section 5.5); without a version it is meant to be."""
    name, parameters = parse_header_parameters(content_type)
    if name.strip().lower() != "application/taxii+json" or parameters.get("version", "2.1") != "2.1":
        return False
    return parameters.get("charset", "utf-8").lower() in {"utf-8", "utf8"}


class TaxiiNegotiation(AnyAccept):
    """One representation exists: the request admits it, or gets a 406. A body is an envelope (bodies.py)."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, Any]:
        """The one renderer. Raises NotAcceptable."""
        del format_suffix
        if not is_acceptable(request.headers.get("Accept", "")):
            raise NotAcceptable(f"this server answers {TAXII}")
        return next(iter(renderers)), TAXII
