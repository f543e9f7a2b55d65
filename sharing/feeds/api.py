"""`/feeds/<format>`: what tools pull. Thin: the service decides, answers.py speaks HTTP."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django.http import JsonResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from iocmarket.accounts.roles import Scope
from iocmarket.accounts.scoped import ScopedView
from iocmarket.api.problems import Problem
from iocmarket.kernel.decision import Refusal
from sharing.feeds import services
from sharing.feeds.answers import answer_with, not_modified, unchanged
from sharing.feeds.explain import explanation_of
from sharing.feeds.formats.base import Tally
from sharing.feeds.schemas import feed_answers

PARAMETERS = [
    OpenApiParameter("type", OpenApiTypes.STR, description="IOC types, separated by commas."),
    OpenApiParameter("threat_type", OpenApiTypes.STR, description="Threat types, separated by commas."),
    OpenApiParameter("score_min", OpenApiTypes.NUMBER, description="0–100; blocking feeds have a threshold anyway."),
    OpenApiParameter("age", OpenApiTypes.STR, description="Seen within so many days (`30d`) or hours (`12h`)."),
    OpenApiParameter("limit", OpenApiTypes.INT, description="So many values at most, the highest scores first."),
    OpenApiParameter("tlp_max", OpenApiTypes.STR, description="Only values marked up to this TLP."),
    OpenApiParameter("explain", OpenApiTypes.BOOL, description="Answer with what was left out and why, as JSON."),
]


ATTEMPTS = 3
"""A file that vanished between two steps is written again."""


class AnyAccept(BaseContentNegotiation):
    """The path names the format: what a tool's HTTP library writes into Accept must not stop it."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser:
        """Any: no body is read."""
        del request
        return next(iter(parsers))

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, Any]:
        """The JSON renderer, which writes problems."""
        del request, format_suffix
        renderer = next(iter(renderers))
        return renderer, renderer.media_type


class FeedView(ScopedView):
    """One feed."""

    scopes: ClassVar = {"GET": Scope.FEEDS_READ, "HEAD": Scope.FEEDS_READ}
    content_negotiation_class = AnyAccept

    @extend_schema(
        operation_id="feeds_read",
        parameters=PARAMETERS,
        responses=feed_answers(),
    )
    def get(self, request: Request, name: str) -> HttpResponseBase:
        """The feed, or 304. 404 for an unknown format, 400 for an unknown option, 503 while it is being prepared."""
        return self.told(request, name)

    def told(self, request: Request, name: str) -> HttpResponseBase:
        """The same for every door (doors.py)."""
        wanted = self._wanted(request, name)
        if request.query_params.get("explain", "0") not in {"0", "false", ""}:
            tally = wanted.explained() or Tally(count=wanted.feed().content.count)
            return JsonResponse(explanation_of(wanted.fmt, tally))
        serial = wanted.serial()
        if serial is not None and unchanged(request, etag=wanted.etag(serial), serial=serial):
            return not_modified(request, etag=wanted.etag(serial), serial=serial)
        for _attempt in range(ATTEMPTS - 1):
            try:
                return self._sent(request, wanted.feed())
            except FileNotFoundError:
                continue
        return self._sent(request, wanted.feed())

    @staticmethod
    def _sent(request: Request, feed: services.Feed) -> HttpResponseBase:
        if unchanged(request, etag=feed.etag, serial=feed.serial):
            return not_modified(request, etag=feed.etag, serial=feed.serial)
        return answer_with(request, feed)

    def _wanted(self, request: Request, name: str) -> services.Request:
        try:
            return services.request_of(self.viewer(request), name, request.query_params)
        except Refusal as refusal:
            raise Problem.of(refusal, status=404 if refusal.code == "unknown_format" else 400) from refusal
        except services.NotReady as error:
            wait = services.NotReady.retry_after
            raise Problem(503, "not_ready", "the feed is being prepared; ask again in a moment", wait=wait) from error
