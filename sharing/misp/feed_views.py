"""`/feeds/misp/…`: the files of a MISP feed, as MISP, PyMISP and mirrors fetch them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import ClassVar

from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import parse_etags
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from iocmarket.accounts.roles import Scope
from iocmarket.accounts.scoped import ScopedView
from iocmarket.api.negotiation import AnyAccept
from iocmarket.api.problems import Problem
from sharing.feeds.answers import wanted_coding
from sharing.feeds.codings import Coding, coded, unmarked
from sharing.misp import feed
from sharing.misp.reach import NotReady

PIECE = 1 << 16
"""Bytes that are sent at once."""
_VARY = "Accept-Encoding, Authorization, Cookie, X-MISP-AUTH"


class FeedFile(ScopedView):
    """A file of the feed."""

    scopes: ClassVar = {"GET": Scope.FEEDS_READ, "HEAD": Scope.FEEDS_READ}
    content_negotiation_class = AnyAccept

    @extend_schema(
        operation_id="feeds_misp_read",
        responses={(200, "application/json"): OpenApiTypes.OBJECT, (200, "text/csv"): OpenApiTypes.STR},
    )
    def get(self, request: Request, name: str) -> HttpResponseBase:
        """`manifest.json`, `hashes.csv` or `<uuid>.json`, or 304. 404 for another one, 503 while it is prepared."""
        viewer = self.viewer(request)
        try:
            coding = wanted_coding(request)
            content = feed.tag_of(viewer, name)
            if names_it(request, content):  # who names it was given the file with it
                return labelled(HttpResponse(status=304), content, coding)
            found = feed.file_of(viewer, name)
        except NotReady as error:
            wait = NotReady.retry_after
            raise Problem(503, "not_ready", "the feed is being prepared; ask again in a moment", wait=wait) from error
        if found is None:
            raise Http404
        return sent_as(found.parts, found.media_type, content, coding)


def names_it(request: Request, content: str) -> bool:
    """Whether the client has what that tag stands for, in whatever coding."""
    given = parse_etags(request.headers.get("If-None-Match", ""))
    return content in {unmarked(each.removeprefix("W/").strip('"')) for each in given}


def sent_as(parts: Iterable[bytes], media_type: str, content: str, coding: Coding) -> HttpResponseBase:
    """The file; written while it is sent, unless it is whole already."""
    answer: HttpResponseBase
    if isinstance(parts, list):
        whole = b"".join(coded(iter(parts), coding))
        answer = HttpResponse(whole, content_type=media_type, headers={"Content-Length": str(len(whole))})
    else:
        answer = StreamingHttpResponse(coded(together(parts), coding), content_type=media_type)
    if coding is not Coding.IDENTITY:
        answer["Content-Encoding"] = coding.value
    return labelled(answer, content, coding)


def together(parts: Iterable[bytes]) -> Iterator[bytes]:
    """The same in larger pieces: each is sent by itself, and a line apiece takes ten times as long as writing it."""
    held: list[bytes] = []
    size = 0
    for part in parts:
        held.append(part)
        size += len(part)
        if size >= PIECE:
            yield b"".join(held)
            held, size = [], 0
    if held:
        yield b"".join(held)


def labelled(answer: HttpResponseBase, content: str, coding: Coding) -> HttpResponseBase:
    """With what caches need to know."""
    answer["ETag"] = f'"{content}{coding.mark}"'
    answer["Cache-Control"] = "private, no-cache"
    answer["Vary"] = _VARY
    answer["X-Content-Type-Options"] = "nosniff"
    return answer
