"""`/feeds/<format>`, or with its extension: what tools pull. Thin: the service decides, answers.py speaks HTTP."""

from __future__ import annotations

from typing import ClassVar

from django.http import JsonResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request

from iocmarket.accounts.roles import Scope
from iocmarket.accounts.scoped import ScopedView
from iocmarket.api.negotiation import AnyAccept
from iocmarket.api.problems import Problem
from iocmarket.kernel.decision import Refusal
from sharing.feeds import services
from sharing.feeds.answers import answer_with, not_modified, unchanged
from sharing.feeds.explain import explanation_of
from sharing.feeds.formats.base import Tally, formats
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


class FeedView(ScopedView):
    """One feed."""

    scopes: ClassVar = {"GET": Scope.FEEDS_READ, "HEAD": Scope.FEEDS_READ}
    polled = True
    content_negotiation_class = AnyAccept

    @extend_schema(
        operation_id="feeds_read",
        parameters=PARAMETERS,
        responses=feed_answers(),
    )
    def get(self, request: Request, name: str) -> HttpResponseBase:
        """The feed, or 304; `<format>.<extension>` is the same. 404 for an unknown format, 400 for an unknown option,
        503 while it is being prepared."""
        return self.told(request, feed_in(name) or name)

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

    def met(self, feed: services.Feed) -> None:
        """The feed is there: what a door notes of it."""

    def _sent(self, request: Request, feed: services.Feed) -> HttpResponseBase:
        self.met(feed)
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


def feed_in(file: str) -> str:
    """The name of the format in `<name>.<extension>`, for tools that look at the end of an address before they take
    what it holds for rules or for a list; empty when the extension is not the format's own.
    """
    name, _, extension = file.rpartition(".")
    found = formats.get(name)
    return name if found is not None and found.extension == extension else ""
