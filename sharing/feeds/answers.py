"""Conditional requests, compression and ranges of feeds (RFC 9110 sections 8.8, 12.5.3, 13 and 14)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TypeVar

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import http_date, parse_etags, parse_http_date_safe

from iocmarket.api.problems import Problem
from sharing.feeds.bodies import Body
from sharing.feeds.codings import Coding, coding_for, unmarked
from sharing.feeds.services import Feed, changed_at

SMALL = 1 << 20
"""Bytes up to which an answer is made at once: a stream of pieces costs more than it spares."""
_Answer = TypeVar("_Answer", bound=HttpResponseBase)
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII | re.IGNORECASE)
_VARY = "Accept-Encoding, Authorization, Cookie, X-MISP-AUTH"


def unchanged(request: HttpRequest, *, etag: str, serial: int) -> bool:
    """Whether the client has this content already. If-None-Match decides alone where it is sent (section 13.2.2).

    A date is compared with the serial, which is never before the date that was sent with it: two contents of one
    second have two serials, so that a change is sent twice rather than not at all.
    """
    if header := request.headers.get("If-None-Match"):
        if header == _tag(etag, Coding.IDENTITY):  # as nearly all consumers write it
            return True
        told = {unmarked(tag.removeprefix("W/").strip('"')) for tag in parse_etags(header)}
        return "*" in told or etag in told
    if header := request.headers.get("If-Modified-Since"):
        since = parse_http_date_safe(header)
        return since is not None and serial <= since
    return False


def not_modified(request: HttpRequest, *, etag: str, serial: int) -> HttpResponse:
    """304, with what section 15.4.5 asks for. Raises Problem(406) as `wanted_coding`."""
    coding = wanted_coding(request)
    answer = HttpResponse(status=304)
    del answer["Content-Type"]
    return _labelled(answer, _tag(etag, coding), serial)


def answer_with(request: HttpRequest, feed: Feed) -> HttpResponseBase:
    """200 with the feed, compressed where the client takes it; for HEAD the same without the body.

    Raises FileNotFoundError when a file of the feed has vanished: it is to be built again; Problem(406) as
    `wanted_coding`.
    """
    coding = wanted_coding(request)
    tag = _tag(feed.etag, coding)
    body = Body(feed.parts(), coding)
    whole, asked = body.length, _range(request, tag, feed)
    part = asked and _within(asked, whole)
    answer: HttpResponseBase
    if asked and not part:
        body.close()
        answer = HttpResponse(status=416)
        answer["Content-Range"] = f"bytes */{whole}"
        return _labelled(answer, tag, feed.serial)
    if part:
        body.cut(*part)
    if request.method == "HEAD":
        body.close()
        answer = HttpResponse(content_type=feed.fmt.media_type)
    elif body.length <= SMALL:
        answer = HttpResponse(b"".join(body), content_type=feed.fmt.media_type)
    else:
        answer = StreamingHttpResponse(body, content_type=feed.fmt.media_type)
    if part:
        answer.status_code = 206
        answer["Content-Range"] = f"bytes {part[0]}-{part[1] - 1}/{whole}"
    answer["Accept-Ranges"] = "bytes"
    answer["Content-Length"] = str(body.length)
    file = f"iocmarket-{feed.fmt.name.replace('/', '-')}.{feed.fmt.extension}"
    answer["Content-Disposition"] = f'attachment; filename="{file}"'
    answer["X-Content-Type-Options"] = "nosniff"
    answer["X-IOC-Count"] = str(feed.content.count)
    answer["X-IOC-Skipped"] = str(feed.content.skipped)
    if coding is not Coding.IDENTITY:
        answer["Content-Encoding"] = coding.value
    return _labelled(answer, tag, feed.serial)


def _range(request: HttpRequest, tag: str, feed: Feed) -> tuple[str, str] | None:
    """The one range that a client asks for, as it wrote it; None to send the whole, as for several ranges.

    With If-Range it goes on only with what it has the beginning of: the same entity tag, or exactly the same date
    (section 13.1.5). Two contents of one second have two serials, of which the later one is no date that was sent yet.
    """
    found = _RANGE.fullmatch(request.headers.get("Range", "").replace(" ", ""))
    if found is None or request.method != "GET" or found[0].endswith("=-"):
        return None
    condition = request.headers.get("If-Range", "").strip()
    if condition and condition not in {tag, http_date(feed.serial)}:
        return None
    return found[1], found[2]


def _within(asked: tuple[str, str], length: int) -> tuple[int, int] | None:
    """The first byte and the one after the last; None when nothing lies there (section 14.1.2)."""
    first, last = asked
    if not first:
        return (max(length - int(last), 0), length) if int(last) and length else None
    if int(first) >= length or (last and int(last) < int(first)):
        return None
    return int(first), min(int(last) + 1, length) if last else length


def wanted_coding(request: HttpRequest) -> Coding:
    """How the client is sent what it asks for. Raises Problem(406) for one that takes no coding that there is."""
    coding = coding_for(request.headers.get("Accept-Encoding", ""))
    if coding is None:
        raise Problem(
            406, "not_acceptable", "feeds are sent with gzip, with zstd or as they are", where="Accept-Encoding"
        )
    return coding


def _tag(etag: str, coding: Coding) -> str:
    """Strong tags differ between codings (section 8.8.3.3)."""
    return f'"{etag}{coding.mark}"'


def settled(answer: _Answer) -> _Answer:
    """An answer beside a feed that caches ask about each time, and that depends on who asks."""
    answer["Cache-Control"] = "private, no-cache"
    answer["Vary"] = _VARY
    return answer


def _labelled(answer: _Answer, tag: str, serial: int) -> _Answer:
    answer["ETag"] = tag
    answer["Last-Modified"] = _dated(int(changed_at(serial).timestamp()))
    answer["X-IOC-Serial"] = str(serial)
    return settled(answer)


@lru_cache(maxsize=256)
def _dated(second: int) -> str:
    """As headers write a moment: the same for each answer between two changes."""
    return http_date(second)
