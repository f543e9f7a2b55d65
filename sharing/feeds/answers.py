"""Conditional requests and compression of feeds (RFC 9110 sections 8.8, 12.5.3 and 13)."""

from __future__ import annotations

import gzip
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.utils.http import http_date, parse_etags, parse_http_date_safe

from sharing.feeds.services import Feed, changed_at

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


def answer_with(request: HttpRequest, feed: Feed) -> HttpResponse:
    """200 with the feed, compressed where the client takes it; for HEAD the same without the body."""
    packed = accepts_gzip(request)
    body = gzip.compress(feed.body, compresslevel=5, mtime=0) if packed else feed.body
    answer = HttpResponse(b"" if request.method == "HEAD" else body, content_type=feed.fmt.media_type)
    answer["Content-Length"] = str(len(body))
    answer["Content-Disposition"] = f'attachment; filename="iocmarket-{feed.fmt.name}.{feed.fmt.extension}"'
    answer["X-Content-Type-Options"] = "nosniff"
    answer["X-IOC-Count"] = str(feed.count)
    answer["X-IOC-Skipped"] = str(len(feed.left_out))
    if packed:
        answer["Content-Encoding"] = "gzip"
    return _labelled(answer, _tag(feed.etag, packed=packed), feed.changed)


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


def _labelled(answer: HttpResponse, tag: str, changed: datetime) -> HttpResponse:
    answer["ETag"] = tag
    answer["Last-Modified"] = http_date(changed.timestamp())
    answer["Cache-Control"] = "private, no-cache"
    answer["Vary"] = _VARY
    return answer
