"""What a request is answered in where one representation exists."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request


class AnyAccept(BaseContentNegotiation):
    """The path or the body names the format: what a tool's HTTP library writes into Accept must not stop it."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser:
        """Any: a body is read where it is expected."""
        del request
        return next(iter(parsers))

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, Any]:
        """The one renderer, which writes problems."""
        del request, format_suffix
        renderer = next(iter(renderers))
        return renderer, renderer.media_type
