"""Conditional requests and compression of feeds (RFC 9110 sections 8.8, 12.5.3 and 13)."""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import http_date, parse_etags, parse_http_date_safe

from sharing.feeds.bodies import Body
from sharing.feeds.services import Feed, changed_at

SMALL = 1 << 20
"""Bytes up to which an answer is made at once: a stream of pieces costs more than it spares."""
_Answer = TypeVar("_Answer", bound=HttpResponseBase)
_GZIP = "-gzip"
_VARY = "Accept-Encoding, Authorization, Cookie, X-MISP-AUTH"


def unchanged(request: HttpRequest, *, etag: str, serial: int) -> bool:
    """Whether the client has this content already. If-None-Match decides alone where it is sent (section 13.2.2).

    A date is compared with the serial, which is never before the date that was sent with it: two contents of one
    second have two serials, so that a change is sent twice rather than not at all.
    """
    if header := request.headers.get("If-None-Match"):
        told = {tag.removeprefix("W/").strip('"').removesuffix(_GZIP) for tag in parse_etags(header)}
        return "*" in told or etag in told
    if header := request.headers.get("If-Modified-Since"):
        since = parse_http_date_safe(header)
        return since is not None and serial <= since
    return False


def not_modified(request: HttpRequest, *, etag: str, serial: int) -> HttpResponse:
    """304, with what section 15.4.5 asks for."""
    answer = HttpResponse(status=304)
    del answer["Content-Type"]
    return _labelled(answer, _tag(etag, packed=accepts_gzip(request)), changed_at(serial))


def answer_with(request: HttpRequest, feed: Feed) -> HttpResponseBase:
    """200 with the feed, compressed where the client takes it; for HEAD the same without the body.

    Raises FileNotFoundError when a file of the feed has vanished: it is to be built again.
    """
    with_gzip = accepts_gzip(request)
    body = Body(feed.parts(), with_gzip=with_gzip)
    answer: HttpResponseBase
    if request.method == "HEAD":
        body.close()
        answer = HttpResponse(content_type=feed.fmt.media_type)
    elif body.length <= SMALL:
        answer = HttpResponse(b"".join(body), content_type=feed.fmt.media_type)
    else:
        answer = StreamingHttpResponse(body, content_type=feed.fmt.media_type)
    answer["Content-Length"] = str(body.length)
    answer["Content-Disposition"] = f'attachment; filename="iocmarket-{feed.fmt.name}.{feed.fmt.extension}"'
    answer["X-Content-Type-Options"] = "nosniff"
    answer["X-IOC-Count"] = str(feed.content.count)
    answer["X-IOC-Skipped"] = str(feed.content.skipped)
    if with_gzip:
        answer["Content-Encoding"] = "gzip"
    return _labelled(answer, _tag(feed.etag, packed=with_gzip), feed.changed)


def accepts_gzip(request: HttpRequest) -> bool:
    """Whether the client takes gzip (section 12.5.3); a `q` of nought refuses it."""
    weights: dict[str, float] = {}
    for part in request.headers.get("Accept-Encoding", "").lower().split(","):
        coding, _, parameters = part.partition(";")
        weights[coding.strip()] = _weight(parameters)
    return weights.get("gzip", weights.get("x-gzip", weights.get("*", 0.0))) > 0


def _weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


def _tag(etag: str, *, packed: bool) -> str:
    """Strong tags differ between encodings (section 8.8.3.3)."""
    return f'"{etag}{_GZIP if packed else ""}"'


def _labelled(answer: _Answer, tag: str, changed: datetime) -> _Answer:
    answer["ETag"] = tag
    answer["Last-Modified"] = http_date(changed.timestamp())
    answer["Cache-Control"] = "private, no-cache"
    answer["Vary"] = _VARY
    return answer
